//! The container engine, and the images of `distribution` and `zot`.

use super::Finding;
use crate::launch::Survey;

const ABOUT: &str = "engine";

/// Findings on the engine and its images, or on the lack of an engine.
pub(super) fn findings(survey: &Result<Survey, String>) -> Vec<Finding> {
    let survey = match survey {
        Ok(survey) => survey,
        Err(error) => {
            let advice = "start one if you want to examine registries in containers, such as `distribution` and `zot`";
            return vec![Finding::warning(ABOUT, error, advice)];
        }
    };
    let mut findings = vec![Finding::ok(ABOUT, format!("{} is running", survey.engine))];
    findings.extend(survey.images.iter().map(|image| {
        let name = &image.name;
        match &image.id {
            Some(id) => Finding::ok("image", format!("{name} is available: {id}")),
            None => Finding::warning(
                "image",
                format!("{name} is not available locally"),
                format!(
                    "a run pulls it; without network access, load it with `docker load` under the name {name}"
                ),
            ),
        }
    }));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;
    use crate::launch::SurveyedImage;

    #[test]
    fn a_missing_engine_is_a_warning_with_its_cause() {
        let found = findings(&Err("no container engine is reachable".to_owned()));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade, Grade::Warning);
        assert_eq!(found[0].seen, "no container engine is reachable");
    }

    #[test]
    fn each_image_is_reported_with_its_id_or_as_missing() {
        let image = |name: &str, id: Option<&str>| SurveyedImage {
            name: name.to_owned(),
            id: id.map(ToOwned::to_owned),
        };
        let found = findings(&Ok(Survey {
            engine: "Docker 28.0".to_owned(),
            images: vec![image("registry:3", Some("sha256:ab")), image("zot:2", None)],
        }));
        let seen: Vec<_> = found.iter().map(|one| (one.grade, &*one.seen)).collect();
        let expected = [
            (Grade::Ok, "Docker 28.0 is running"),
            (Grade::Ok, "registry:3 is available: sha256:ab"),
            (Grade::Warning, "zot:2 is not available locally"),
        ];
        assert_eq!(seen, expected);
    }
}
