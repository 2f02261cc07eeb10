//! Inputs of an operation, from a `Parameters` resource or from the URL.

use mt_fhir::{Doc, Node};

use crate::api::Call;
use crate::error::Result;

/// The inputs of one invocation.
pub(crate) struct Inputs<'c> {
    query: &'c [(String, String)],
    doc: Option<Doc>,
}

impl<'c> Inputs<'c> {
    /// Reads the body, when there is one, beside the URL.
    pub(crate) fn read(call: &'c Call<'_>) -> Result<Self> {
        let doc = if call.body.is_empty() {
            None
        } else {
            Some(call.resource()?)
        };
        Ok(Self {
            query: &call.query,
            doc,
        })
    }

    /// The resource that the body is, when it is no `Parameters`.
    pub(crate) fn bare_resource(&self) -> Option<Node<'_>> {
        let root = self.doc.as_ref()?.root();
        (root.resource_type() != Some("Parameters")).then_some(root)
    }

    /// The parameter `name` of the body.
    fn parameter(&self, name: &str) -> Option<Node<'_>> {
        let list = self.doc.as_ref()?.root().get("parameter")?;
        list.children()
            .find(|parameter| parameter.str("name") == Some(name))
    }

    /// The resource that the parameter `name` carries.
    pub(crate) fn resource(&self, name: &str) -> Option<Node<'_>> {
        self.parameter(name)?.get("resource")
    }

    /// The value (`value[x]`) of the parameter `name`.
    pub(crate) fn value(&self, name: &str) -> Option<Node<'_>> {
        let parameter = self.parameter(name)?;
        parameter
            .children()
            .find(|field| field.key().is_some_and(|key| key.starts_with("value")))
    }

    /// The text of a primitive parameter, from the body or the URL.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let from_body = self.value(name).and_then(Node::scalar_text);
        from_body.or_else(|| {
            self.query
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
        })
    }

    /// Every parameter `name` of the body.
    pub(crate) fn all<'i>(&'i self, name: &'i str) -> impl Iterator<Item = Node<'i>> {
        let list = self
            .doc
            .as_ref()
            .and_then(|doc| doc.root().get("parameter"));
        let all = list.into_iter().flat_map(Node::children);
        all.filter(move |parameter| parameter.str("name") == Some(name))
    }

    /// The texts of a repeated primitive parameter, from the body and the URL.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        let is_value = |field: &Node<'_>| field.key().is_some_and(|key| key.starts_with("value"));
        let list = self
            .doc
            .as_ref()
            .and_then(|doc| doc.root().get("parameter"));
        let all = list.into_iter().flat_map(Node::children);
        let named = all.filter(|parameter| parameter.str("name") == Some(name));
        let from_body =
            named.filter_map(|parameter| parameter.children().find(is_value)?.scalar_text());
        let from_url = self.query.iter().filter(|(key, _)| key == name);
        from_body
            .chain(from_url.map(|(_, value)| value.as_str()))
            .collect()
    }

    /// Whether the parameter `name` is given at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.parameter(name).is_some() || self.query.iter().any(|(key, _)| key == name)
    }

    /// Every parameter of the body.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = Node<'_>> {
        let list = self
            .doc
            .as_ref()
            .and_then(|doc| doc.root().get("parameter"));
        list.into_iter().flat_map(Node::children)
    }

    /// Names of the parameters of the URL.
    pub(crate) fn url_names(&self) -> impl Iterator<Item = &str> {
        self.query.iter().map(|(name, _)| name.as_str())
    }

    /// The values of a parameter of the URL.
    pub(crate) fn in_url<'i>(&'i self, name: &'i str) -> impl Iterator<Item = &'i str> {
        let named = self.query.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }
}
