//! Image indexes and image manifests.

use serde::Deserialize;

use super::Descriptor;

/// An image index: the body of a list of referrers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Index {
    /// The manifests it lists.
    pub manifests: Vec<Descriptor>,
}

/// An image manifest: of a chart, or of an artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// The config blob.
    pub config: Descriptor,
    /// The layers.
    pub layers: Vec<Descriptor>,
}

impl Manifest {
    /// The first layer of this media type.
    pub fn layer(&self, media_type: &str) -> Option<&Descriptor> {
        let mut layers = self.layers.iter();
        layers.find(|layer| layer.media_type == media_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_lists_manifests_and_must_have_the_list() {
        let text = r#"{"schemaVersion":2,"manifests":[
            {"mediaType":"m","digest":"sha256:ab","size":2,"artifactType":"t","annotations":{"k":"v"}},
            {"digest":"sha256:cd","annotations":null}]}"#;
        let index: Index = serde_json::from_str(text).expect("an index");
        let [first, second] = &index.manifests[..] else {
            panic!("{index:?}")
        };
        assert_eq!((&*first.media_type, &*first.artifact_type), ("m", "t"));
        assert_eq!(first.annotations["k"], "v");
        assert!(second.annotations.is_empty());
        assert_eq!(second.digest, "sha256:cd");
        assert_eq!(second.artifact_type, "");
        for text in ["{}", r#"{"manifests":[{"mediaType":"m"}]}"#] {
            serde_json::from_str::<Index>(text).expect_err(text);
        }
    }

    #[test]
    fn a_layer_is_found_by_its_media_type() {
        let text = r#"{"config":{"mediaType":"c","digest":"d1"},"layers":[
            {"mediaType":"a","digest":"d2"},{"mediaType":"b","digest":"d3"}]}"#;
        let manifest: Manifest = serde_json::from_str(text).expect("a manifest");
        assert_eq!(manifest.config.media_type, "c");
        assert_eq!(manifest.layer("b").map(|layer| &*layer.digest), Some("d3"));
        assert_eq!(manifest.layer("c"), None);
    }
}
