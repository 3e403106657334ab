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
        BASE: "the version check",
        CHALLENGE: "a request without credentials",
        TOKEN: "a token",
    }
    "push" {
        BLOB_ABSENT: "an absent blob",
        UPLOAD: "the start of an upload",
        BLOB: "a whole blob, which completes the upload",
        ABSENT_BY_TAG: "an absent manifest, requested by tag, as by Helm 3.0 to 3.17",
        ABSENT_BY_DIGEST: "an absent manifest, requested by digest, as by Helm 3.18 and later",
        PUT_BY_DIGEST: "a manifest, pushed by digest, as by Helm 3.18 and later",
        READ_BACK: "a manifest, read back before it is tagged, as by Helm 3.18 and later",
        PUT_BY_TAG: "a manifest, pushed by tag",
    }
    "pull" {
        RESOLVE: "a tag, resolved as by Helm 3.0 to 3.17",
        BY_DIGEST: "a manifest by digest, as requested by Helm 3.0 to 3.17",
        BY_TAG: "a manifest by tag, as requested by Helm 3.18 and later",
        BLOB_PRESENT: "a present blob, requested by HEAD",
        FETCH: "a blob",
        REDIRECTED: "a blob, after a redirect",
        NO_TAG: "an absent tag",
        NO_REPOSITORY: "a chart in an absent repository",
    }
    "list" {
        TAGS: "the tags of a chart",
        NO_TAGS: "the tags of an absent repository",
    }
    "referrers" {
        NO_REFERRERS: "the referrers of a chart without referrers",
        ATTACH: "a signature, attached to a chart",
        REFERRERS: "the referrers of a signed chart",
    }
    "delete" {
        DELETE_TAG: "a tag, deleted",
        DELETE_MANIFEST: "a manifest, deleted by its digest",
        DELETED: "the tag of a deleted manifest",
        DELETE_BLOB: "a blob, deleted",
    }
}
