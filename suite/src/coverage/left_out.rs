//! What no requirement looks at, and why.

/// The items that are left out, in the order of the documents, each with its reason.
pub const LEFT_OUT: &[(&str, &str)] = &[
    (
        "REG-API-04",
        "it has to hold before anything can be asked: a target whose certificate is not trusted is not examined, and \
         the reason is its obstacle",
    ),
    (
        "REG-API-06",
        "the suite speaks HTTP/1.1 alone: a registry without it is not examined, and the reason is its obstacle",
    ),
    (
        "REG-PUL-11",
        "it allows every answer: there is nothing a registry could violate",
    ),
    (
        "REG-PUL-17",
        "it allows both answers: there is nothing a registry could violate",
    ),
    (
        "REG-TAG-15",
        "it allows every answer: there is nothing a registry could violate",
    ),
    (
        "REG-AUT-19",
        "the password is the user's: whether it holds a colon is not for a run to choose",
    ),
    (
        "REG-AUT-21",
        "it takes a second account that may read and not push; a run has one",
    ),
    (
        "REG-AUT-23",
        "Helm works without: since 3.18 it asks for no refresh token",
    ),
    (
        "REG-DEL-05",
        "retention rules run when the operator says so: a check would have to wait for them",
    ),
    (
        "B18",
        "a limit of Helm 3.21.1 to 3.21.4 and 4.2.1 to 4.2.4 itself: no registry is to blame",
    ),
    (
        "B20",
        "credentials on the user's machine: no request shows under which name they are kept",
    ),
    (
        "B21",
        "credential helpers run on the user's machine; `doctor` looks for missing ones",
    ),
    (
        "B23",
        "it takes an account whose password has gone stale; a run has one that works",
    ),
    (
        "B25",
        "it takes a second account that may read and not push; a run has one",
    ),
    (
        "B29",
        "the user's command line: Helm refuses it before it asks a registry",
    ),
    (
        "B30",
        "the user's command line: a login without a user name is answered as any wrong password",
    ),
    (
        "B31",
        "the user's shell: names with `$` and `+` travel as any other",
    ),
    (
        "B32",
        "what a registry says to a login it does not offer is shown as it is; there is nothing to expect of it",
    ),
    (
        "C21",
        "what Helm does, whatever the registry is: it cannot be told from the wire of a suite",
    ),
    (
        "C24",
        "two configuration files on the user's machine: no request shows which one was read",
    ),
    (
        "C25",
        "a hang cannot be told from a slow network: it ends as an obstacle, with the deadline named",
    ),
];
