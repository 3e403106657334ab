//! Tag lists.

use http::Method;

use super::obstacle;
use crate::oci::TagList;
use crate::session::{Reply, Session};
use crate::verdict::Stop;

impl Session {
    /// `GET tags/list`, as Helm sends it: no query, no `Accept`.
    pub async fn list_tags(&self) -> Result<Reply, Stop> {
        self.list_tags_with("").await
    }

    /// The first page of tags; a response without one is an obstacle.
    pub async fn arranged_tags(&self) -> Result<(Reply, Vec<String>), Stop> {
        self.persisting(|| self.readable_tags()).await
    }

    async fn readable_tags(&self) -> Result<(Reply, Vec<String>), Stop> {
        let reply = self.list_tags().await?;
        match serde_json::from_slice::<TagList>(&reply.body) {
            Ok(list) if reply.status.is_success() => Ok((reply, list.tags.unwrap_or_default())),
            _ => Err(obstacle("list tags", &reply)),
        }
    }

    /// `GET tags/list` with a query such as `?n=2`.
    pub async fn list_tags_with(&self, query: &str) -> Result<Reply, Stop> {
        self.call(
            Method::GET,
            &format!("/v2/{}/tags/list{query}", self.repository()),
        )
        .send()
        .await
    }
}
