//! The probes of all capabilities, in the order of the record.

use std::future::ready;

use super::{Probe, Run, authentication, content, deletes, listing, upload};

/// All probes.
pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "authentication",
        requirements: &["auth/*", "origins/realm-*"],
        run: Run::Registry(|session| Box::pin(authentication::authentication(session))),
    },
    Probe {
        name: "manifests-without-media-type",
        requirements: &[],
        run: Run::Chart(|_, pushed| Box::pin(ready(Ok(content::untyped_manifests(pushed))))),
    },
    Probe {
        name: "creates-repositories",
        requirements: &[],
        run: Run::Chart(|_, _| Box::pin(ready(Ok(content::created_repository())))),
    },
    Probe {
        name: "deep-names",
        requirements: &[],
        run: Run::Chart(|session, _| Box::pin(upload::deep_names(session))),
    },
    Probe {
        name: "anonymous-pull",
        requirements: &[],
        run: Run::Chart(|session, _| Box::pin(content::anonymous_pull(session))),
    },
    Probe {
        name: "range-requests",
        requirements: &[],
        run: Run::Chart(|session, pushed| {
            Box::pin(content::range_requests(session, &pushed.chart))
        }),
    },
    Probe {
        name: "mount",
        requirements: &["upload/mount"],
        run: Run::Chart(|session, pushed| Box::pin(upload::mount(session, &pushed.chart))),
    },
    Probe {
        name: "cross-repository-head",
        requirements: &[],
        run: Run::Chart(|session, pushed| {
            Box::pin(content::cross_repository_head(session, &pushed.chart))
        }),
    },
    Probe {
        name: "chunked-upload",
        requirements: &["upload/chunks", "upload/chunk-range"],
        run: Run::Chart(|session, _| Box::pin(upload::chunked(session))),
    },
    Probe {
        name: "referrers-api",
        requirements: &["referrers/*"],
        run: Run::Chart(|session, pushed| Box::pin(listing::referrers_api(session, &pushed.chart))),
    },
    Probe {
        name: "catalog",
        requirements: &[],
        run: Run::Chart(|session, _| Box::pin(listing::catalog(session))),
    },
    Probe {
        name: "tag-paging",
        requirements: &[],
        run: Run::Tags(|session, pushed| Box::pin(listing::tag_paging(session, &pushed.chart))),
    },
    Probe {
        name: "immutable-tags",
        requirements: &[],
        run: Run::Tags(|session, pushed| Box::pin(content::immutable_tags(session, &pushed.chart))),
    },
    Probe {
        name: "tag-deletes",
        requirements: &["deletion/other-tags-stay"],
        run: Run::Tags(|session, _| Box::pin(deletes::tags(session))),
    },
    Probe {
        name: "manifest-deletes",
        requirements: &["deletion/*"],
        run: Run::Chart(|session, pushed| Box::pin(deletes::manifests(session, &pushed.chart))),
    },
    Probe {
        name: "blob-deletes",
        requirements: &[],
        run: Run::Chart(|session, pushed| Box::pin(deletes::blobs(session, &pushed.chart))),
    },
];
