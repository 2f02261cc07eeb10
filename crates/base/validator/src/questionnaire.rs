//! Answers against their Questionnaire (R4 questionnaireresponse.html), where it is at hand:
//! contained, or among the known definitions.

use mt_fhir::definitions::TypeId;
use mt_fhir::json::Node;
use mt_fhir::names::{self, Name};
use mt_fhir::outcome::IssueCode;
use mt_fhir::{Element, decimal::Decimal};

use crate::binding::CodeRef;
use crate::path::Path;
use crate::profile::{is_less, unversioned};
use crate::walk::{Scope, Walk};

const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// The type of an answer to each type of question.
const ANSWERS: [(&str, &[TypeId]); 13] = [
    ("boolean", &[TypeId::BOOLEAN]),
    ("decimal", &[TypeId::DECIMAL]),
    ("integer", &[TypeId::INTEGER]),
    ("date", &[TypeId::DATE]),
    ("dateTime", &[TypeId::DATE_TIME]),
    ("time", &[TypeId::TIME]),
    ("string", &[TypeId::STRING]),
    ("text", &[TypeId::STRING]),
    ("url", &[TypeId::URI]),
    ("attachment", &[TypeId::ATTACHMENT]),
    ("reference", &[TypeId::REFERENCE]),
    ("quantity", &[TypeId::QUANTITY]),
    ("open-choice", &[TypeId::CODING, TypeId::STRING]),
];

impl Walk<'_, '_> {
    pub(crate) fn questionnaire_response(
        &mut self,
        response: Node<'_>,
        scope: Scope<'_>,
        path: &Path<'_>,
    ) {
        let url = response
            .get_name(names::QUESTIONNAIRE)
            .and_then(Node::as_str);
        let Some(url) = url else { return };
        let found = match url.strip_prefix('#') {
            Some(id) => crate::reference::contained(scope, id),
            None => self.validator.profiles.questionnaire(url),
        };
        let Some(questionnaire) = found.filter(|q| q.resource_type() == Some("Questionnaire"))
        else {
            let text = format!("the questionnaire {} is not known", unversioned(url));
            return self.report.information(IssueCode::NotFound, path, text);
        };
        // Answers may still be missing while they are being given.
        let status = response.get_name(names::STATUS).and_then(Node::as_str);
        let form = Form {
            is_complete: matches!(status, Some("completed" | "amended")),
            questionnaire,
        };
        self.items(response, questionnaire, form, path);
    }

    /// The items of a group or under an answer, against those of the definition.
    fn items(&mut self, given: Node<'_>, defined: Node<'_>, form: Form<'_>, path: &Path<'_>) {
        let definitions: Vec<Node<'_>> = children(defined, names::ITEM).collect();
        let mut counts = vec![0_usize; definitions.len()];
        let mut last = 0;
        for (index, item) in children(given, names::ITEM).enumerate() {
            let path = path.item("item", index);
            let link_id = text(item, names::LINK_ID);
            let at = definitions
                .iter()
                .position(|d| text(*d, names::LINK_ID) == link_id);
            let Some(at) = at else {
                let text = if link_id.is_some_and(|id| is_defined(form.questionnaire, id)) {
                    "the item stands in another place than in the questionnaire"
                } else {
                    "the questionnaire has no item with this linkId"
                };
                self.report.error(IssueCode::Structure, &path, text);
                continue;
            };
            if at < last {
                let text = "the items are not in the order of the questionnaire";
                self.report.error(IssueCode::Structure, &path, text);
            }
            last = last.max(at);
            counts[at] += 1;
            self.item(item, definitions[at], form, &path);
        }
        for (definition, count) in definitions.iter().zip(counts) {
            self.occurrences_of(*definition, count, form, path);
        }
    }

    fn occurrences_of(
        &mut self,
        definition: Node<'_>,
        count: usize,
        form: Form<'_>,
        path: &Path<'_>,
    ) {
        let is_group = text(definition, names::TYPE) == Some("group");
        if count > 1 && !(is_group && is_true(definition, names::REPEATS)) {
            let text = "an item stands twice that does not repeat";
            self.report.error(IssueCode::Structure, path, text);
        }
        let is_conditional = definition.get_name(names::ENABLE_WHEN).is_some();
        if count == 0 && is_true(definition, names::REQUIRED) && !is_conditional && form.is_complete
        {
            self.report
                .error(IssueCode::Required, path, "a required item is missing");
        }
    }

    fn item(&mut self, item: Node<'_>, definition: Node<'_>, form: Form<'_>, path: &Path<'_>) {
        let kind = text(definition, names::TYPE).unwrap_or_default();
        let answers: Vec<Node<'_>> = children(item, names::ANSWER).collect();
        match kind {
            "group" | "display" => {
                if !answers.is_empty() {
                    let text = format!("an item of type {kind} has no answers");
                    self.report.error(IssueCode::Structure, path, text);
                }
                if kind == "group"
                    && is_true(definition, names::REQUIRED)
                    && children(item, names::ITEM).next().is_none()
                {
                    self.report
                        .error(IssueCode::Required, path, "a required group is empty");
                }
                return self.items(item, definition, form, path);
            }
            _ => {}
        }
        // A question's own items stand under its answers.
        if item.get_name(names::ITEM).is_some() {
            let text = "the items of a question stand under its answers";
            self.report.error(IssueCode::Structure, path, text);
        }
        self.answer_count(&answers, definition, form, path);
        for (index, answer) in answers.iter().enumerate() {
            let path = path.item("answer", index);
            self.answer(*answer, definition, kind, &path);
            self.items(*answer, definition, form, &path);
        }
    }

    fn answer_count(
        &mut self,
        answers: &[Node<'_>],
        definition: Node<'_>,
        form: Form<'_>,
        path: &Path<'_>,
    ) {
        if answers.is_empty() && is_true(definition, names::REQUIRED) && form.is_complete {
            self.report
                .error(IssueCode::Required, path, "a required answer is missing");
        }
        if answers.len() > 1 && !is_true(definition, names::REPEATS) {
            self.report
                .error(IssueCode::Structure, path, "only one answer is allowed");
        }
        let bound = |name: &str| {
            let value = extension_value(definition, &format!("{CORE}{name}"))?;
            value.number_text()?.parse::<usize>().ok()
        };
        if bound("questionnaire-minOccurs").is_some_and(|min| answers.len() < min)
            && form.is_complete
        {
            self.report
                .error(IssueCode::Required, path, "fewer answers than asked for");
        }
        if bound("questionnaire-maxOccurs").is_some_and(|max| answers.len() > max) {
            self.report
                .error(IssueCode::Structure, path, "more answers than allowed");
        }
        let exclusive = |answer: &Node<'_>| {
            let options = children(definition, names::ANSWER_OPTION);
            let url = format!("{CORE}questionnaire-optionExclusive");
            let is_exclusive = |option: &Node<'_>| {
                extension_value(*option, &url).and_then(Node::as_bool) == Some(true)
            };
            let mut chosen = options.filter(|option| same_answer(*answer, *option));
            chosen.any(|option| is_exclusive(&option))
        };
        if answers.len() > 1 && answers.iter().any(exclusive) {
            let text = "an exclusive option is chosen with others";
            self.report.error(IssueCode::BusinessRule, path, text);
        }
    }

    fn answer(&mut self, answer: Node<'_>, definition: Node<'_>, kind: &str, path: &Path<'_>) {
        let Some(value) = value_of(answer, "QuestionnaireResponse.item.answer") else {
            return;
        };
        let allowed = ANSWERS
            .iter()
            .find(|(k, _)| *k == kind)
            .map(|(_, types)| *types);
        let found = value.type_id();
        let is_choice = matches!(kind, "choice" | "open-choice");
        let is_option = is_choice && self.has_options_of(definition, found);
        if !is_option && !allowed.unwrap_or(&[TypeId::CODING]).contains(&found) {
            let text = format!("the answer to a question of type {kind} must not be a {found:?}");
            return self.report.error(IssueCode::Structure, path, text);
        }
        self.options(answer, value, definition, kind, path);
        self.ranges(value, definition, path);
        if found == TypeId::ATTACHMENT {
            self.attachment_answer(value, definition, path);
        }
    }

    fn has_options_of(&self, definition: Node<'_>, found: TypeId) -> bool {
        let mut options = children(definition, names::ANSWER_OPTION);
        options.any(|option| {
            let value = value_of(option, "Questionnaire.item.answerOption");
            value.is_some_and(|v| v.type_id() == found)
        })
    }

    /// One of the options, or of the value set.
    fn options(
        &mut self,
        answer: Node<'_>,
        value: Element<'_>,
        definition: Node<'_>,
        kind: &str,
        path: &Path<'_>,
    ) {
        let is_free = kind == "open-choice" && value.type_id() == TypeId::STRING;
        let mut options = children(definition, names::ANSWER_OPTION).peekable();
        if options.peek().is_some() && !is_free && !options.any(|o| same_answer(answer, o)) {
            self.report
                .error(IssueCode::CodeInvalid, path, "is none of the options");
        }
        let value_set =
            text(definition, names::ANSWER_VALUE_SET).filter(|url| !url.starts_with('#'));
        let (Some(value_set), TypeId::CODING) = (value_set, value.type_id()) else {
            return;
        };
        let coding = value.value();
        let code = coding.and_then(|c| text(c, names::CODE));
        let system = coding.and_then(|c| text(c, names::SYSTEM));
        let Some(code) = code else { return };
        let code = CodeRef {
            system: Some(system.unwrap_or_default()),
            code,
        };
        let url = unversioned(value_set);
        let codes = mt_fhir::definitions::ValueSet::from_url(url);
        if self.membership(url, codes, code) == Some(false) {
            let text = format!("not a code of the value set {url}");
            self.report.error(IssueCode::CodeInvalid, path, text);
        }
    }

    fn ranges(&mut self, value: Element<'_>, definition: Node<'_>, path: &Path<'_>) {
        let Some(node) = value.value() else { return };
        let bound = |name: &str| extension_value(definition, &format!("{CORE}{name}"));
        if bound("minValue").is_some_and(|min| is_less(node, min)) {
            self.report
                .error(IssueCode::Value, path, "is below the least value");
        }
        if bound("maxValue").is_some_and(|max| is_less(max, node)) {
            self.report
                .error(IssueCode::Value, path, "is above the greatest value");
        }
        let number = |n: Option<Node<'_>>| n?.number_text()?.parse::<usize>().ok();
        let length = node.as_str().map(|s| s.chars().count());
        let longest = number(definition.get_name(names::MAX_LENGTH));
        if longest
            .zip(length)
            .is_some_and(|(max, length)| length > max)
        {
            self.report
                .error(IssueCode::TooLong, path, "is longer than allowed");
        }
        if number(bound("minLength"))
            .zip(length)
            .is_some_and(|(min, length)| length < min)
        {
            self.report
                .error(IssueCode::Value, path, "is shorter than allowed");
        }
        let places = node
            .number_text()
            .and_then(Decimal::parse)
            .map(Decimal::scale);
        if number(bound("maxDecimalPlaces"))
            .zip(places)
            .is_some_and(|(max, n)| n as usize > max)
        {
            self.report.error(
                IssueCode::Value,
                path,
                "has more decimal places than allowed",
            );
        }
    }

    fn attachment_answer(&mut self, value: Element<'_>, definition: Node<'_>, path: &Path<'_>) {
        let Some(attachment) = value.value() else {
            return;
        };
        let url = |name: &str| format!("{CORE}{name}");
        let mime_type = url("mimeType");
        let mut types = extensions(definition, &mime_type).peekable();
        let content_type = text(attachment, names::CONTENT_TYPE);
        let is_type = |n: Node<'_>| n.as_str() == content_type;
        if types.peek().is_some() && content_type.is_some() && !types.any(is_type) {
            self.report
                .error(IssueCode::Value, path, "the content type is not allowed");
        }
        let number = |n: Option<Node<'_>>| n?.number_text().and_then(Decimal::parse);
        let most = number(extension_value(definition, &url("maxSize")));
        let size = number(attachment.get_name(names::SIZE));
        if size.zip(most).is_some_and(|(size, most)| size > most) {
            self.report.error(
                IssueCode::TooLong,
                path,
                "the attachment is larger than allowed",
            );
        }
    }
}

/// The questionnaire that is being answered.
#[derive(Clone, Copy)]
struct Form<'q> {
    questionnaire: Node<'q>,
    is_complete: bool,
}

fn children<'a>(node: Node<'a>, name: Name) -> impl Iterator<Item = Node<'a>> {
    node.get_name(name).into_iter().flat_map(Node::children)
}

fn text<'a>(node: Node<'a>, name: Name) -> Option<&'a str> {
    node.get_name(name).and_then(Node::as_str)
}

fn is_true(node: Node<'_>, name: Name) -> bool {
    node.get_name(name).and_then(Node::as_bool) == Some(true)
}

fn is_defined(questionnaire: Node<'_>, link_id: &str) -> bool {
    let mut pending: Vec<Node<'_>> = children(questionnaire, names::ITEM).collect();
    while let Some(item) = pending.pop() {
        if text(item, names::LINK_ID) == Some(link_id) {
            return true;
        }
        pending.extend(children(item, names::ITEM));
    }
    false
}

/// The `value[x]` of an answer or option, whose type is `type_name`.
fn value_of<'a>(node: Node<'a>, type_name: &str) -> Option<Element<'a>> {
    let type_id = TypeId::from_name(type_name)?;
    Element::typed(node, type_id).child(names::VALUE).next()
}

/// Codings are the same by system and code, everything else by value.
fn same_answer(answer: Node<'_>, option: Node<'_>) -> bool {
    let answer = value_of(answer, "QuestionnaireResponse.item.answer");
    let option = value_of(option, "Questionnaire.item.answerOption");
    let (Some(answer), Some(option)) = (answer, option) else {
        return false;
    };
    let (Some(a), Some(b)) = (answer.value(), option.value()) else {
        return false;
    };
    if answer.type_id() == TypeId::CODING && option.type_id() == TypeId::CODING {
        return text(a, names::CODE) == text(b, names::CODE)
            && text(a, names::SYSTEM) == text(b, names::SYSTEM);
    }
    a.same_as(b)
}

fn extension_value<'a>(node: Node<'a>, url: &str) -> Option<Node<'a>> {
    extensions(node, url).next()
}

/// The values of the extensions with a URL.
fn extensions<'a>(node: Node<'a>, url: &str) -> impl Iterator<Item = Node<'a>> {
    let own = children(node, names::EXTENSION);
    own.filter(move |e| text(*e, names::URL) == Some(url))
        .filter_map(|e| {
            Element::typed(e, TypeId::EXTENSION)
                .child(names::VALUE)
                .next()?
                .value()
        })
}
