//! The items that no requirement covers, each with the reason.

/// The items that are left out, in the order of the documents, each with its reason.
pub const LEFT_OUT: &[(&str, &str)] = &[
    (
        "REG-API-04",
        "a precondition of every request: a target whose certificate is not trusted is not examined, and the obstacle \
         states the reason",
    ),
    (
        "REG-API-06",
        "the suite uses HTTP/1.1 only: a registry without it is not examined, and the obstacle states the reason",
    ),
    (
        "REG-PUL-11",
        "it permits every response: no registry can violate it",
    ),
    (
        "REG-PUL-17",
        "it permits both responses: no registry can violate it",
    ),
    (
        "REG-TAG-15",
        "it permits every response: no registry can violate it",
    ),
    (
        "REG-AUT-19",
        "it depends on a password with a colon, and a run does not choose the password",
    ),
    (
        "REG-AUT-21",
        "it requires a second account with read-only permission; a run has one account",
    ),
    (
        "REG-AUT-23",
        "Helm works without it: since 3.18 it requests no refresh token",
    ),
    (
        "REG-DEL-05",
        "retention rules run on the schedule of the operator: a check would have to wait for them",
    ),
    (
        "B18",
        "a limitation of Helm 3.21.1 to 3.21.4 and 4.2.1 to 4.2.4, not of a registry",
    ),
    (
        "B20",
        "credentials on the user's machine: no request shows under which name they are stored",
    ),
    (
        "B21",
        "credential helpers run on the user's machine; `doctor` looks for missing ones",
    ),
    (
        "B23",
        "it requires an account with an expired password; the password of a run is valid",
    ),
    (
        "B25",
        "it requires a second account with read-only permission; a run has one account",
    ),
    (
        "B29",
        "the user's command line: Helm rejects it before it sends a request",
    ),
    (
        "B30",
        "the user's command line: to a registry, a login without a user name is a login with a wrong password",
    ),
    (
        "B31",
        "the user's shell: on the wire, names with `$` and `+` are like any other",
    ),
    (
        "B32",
        "the error of a login method that a registry does not offer is free: no response can be expected",
    ),
    (
        "C21",
        "a behaviour of Helm that is the same with every registry; the suite cannot observe it on the wire",
    ),
    (
        "C24",
        "two configuration files on the user's machine: no request shows which one was read",
    ),
    (
        "C25",
        "a hang cannot be distinguished from a slow network: it becomes an obstacle that states the time limit",
    ),
];
