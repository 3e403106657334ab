//! The container engine, and the images that `distribution` and `zot` are launched from.

use super::Finding;
use crate::launch::Survey;

const ABOUT: &str = "engine";

/// What an engine that answers, or the lack of one, means.
pub(super) fn findings(survey: &Result<Survey, String>) -> Vec<Finding> {
    let survey = match survey {
        Ok(survey) => survey,
        Err(why) => {
            let advice =
                "only the targets `distribution` and `zot` need one; others are examined without";
            return vec![Finding::warning(ABOUT, why, advice)];
        }
    };
    let mut findings = vec![Finding::ok(ABOUT, format!("{} answers", survey.engine))];
    findings.extend(survey.images.iter().map(|image| {
        let name = &image.name;
        match &image.id {
            Some(id) => Finding::ok("image", format!("{name} is here: {id}")),
            None => Finding::warning(
                "image",
                format!("{name} is not here"),
                format!(
                    "it is pulled when launched; without a way out, `docker load` it as {name}"
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
    fn an_engine_that_does_not_answer_is_told_with_its_reason() {
        let found = findings(&Err("no container engine answers".to_owned()));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade, Grade::Warning);
        assert_eq!(found[0].seen, "no container engine answers");
    }

    #[test]
    fn an_image_is_here_with_its_id_or_is_not() {
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
            (Grade::Ok, "Docker 28.0 answers"),
            (Grade::Ok, "registry:3 is here: sha256:ab"),
            (Grade::Warning, "zot:2 is not here"),
        ];
        assert_eq!(seen, expected);
    }
}
