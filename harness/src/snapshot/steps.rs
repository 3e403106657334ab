//! The steps of a snapshot: their requests, and the files that hold the responses.

use helm_oci_reports::snapshot::SnapshotStep;

macro_rules! steps {
    ($($file:literal { $($name:ident: $what:literal),+ $(,)? })+) => {
        $($(
            pub(super) static $name: SnapshotStep = SnapshotStep { file: $file, description: $what };
        )+)+
    };
}

steps! {
    "login" {
        BASE: "is this a registry?",
        CHALLENGE: "a request without credentials",
        TOKEN: "a token",
    }
    "push" {
        BLOB_ABSENT: "a blob that is not there yet",
        UPLOAD: "the begin of an upload",
        BLOB: "a blob whole, which ends the upload",
        ABSENT_BY_TAG: "a manifest that is not there yet, by tag, as Helm 3.0 to 3.17 asks",
        ABSENT_BY_DIGEST: "a manifest that is not there yet, by digest, as Helm 3.18 and later asks",
        PUT_BY_DIGEST: "a manifest, pushed by digest, as Helm 3.18 and later does first",
        READ_BACK: "a manifest, read back before it is tagged, as Helm 3.18 and later does",
        PUT_BY_TAG: "a manifest, pushed by tag",
    }
    "pull" {
        RESOLVE: "a tag, resolved as by Helm 3.0 to 3.17",
        BY_DIGEST: "a manifest by digest, as Helm 3.0 to 3.17 asks",
        BY_TAG: "a manifest by tag, as Helm 3.18 and later asks",
        BLOB_PRESENT: "a blob that is there, asked for by HEAD",
        FETCH: "a blob",
        REDIRECTED: "a blob, where a redirect leads",
        NO_TAG: "a tag that is not there",
        NO_REPOSITORY: "a chart of a repository that is not there",
    }
    "list" {
        TAGS: "the tags of a chart",
        NO_TAGS: "the tags of a repository that is not there",
    }
    "referrers" {
        NO_REFERRERS: "the referrers of a chart that has none",
        ATTACH: "a signature, attached to a chart",
        REFERRERS: "the referrers of a signed chart",
    }
    "delete" {
        DELETE_TAG: "a tag, deleted",
        DELETE_MANIFEST: "a manifest, deleted by its digest",
        DELETED: "the tag of a manifest that was deleted",
        DELETE_BLOB: "a blob, deleted",
    }
}
