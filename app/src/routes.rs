//! Addresses of the page: the URL is the first store.

use protocol::v1::Language;

/// A place in the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// All tracks with their scenarios.
    Catalog,
    /// One scenario, `<track>/<folder>`.
    Scenario(String),
    /// Nothing is here.
    Unknown,
}

/// An address: a language and a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// The language of the address; `None` for `/`.
    pub language: Option<Language>,
    /// The place.
    pub place: Place,
}

impl Route {
    /// Reads the path of an address.
    pub(crate) fn parse(path: &str) -> Self {
        let path = path.split('#').next().unwrap_or_default();
        let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != "index.html");
        let language = match parts.next() {
            None => return Self { language: None, place: Place::Catalog },
            Some("ko") => Some(Language::Ko),
            Some("en") => Some(Language::En),
            Some(_) => return Self { language: None, place: Place::Unknown },
        };
        let place = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Place::Catalog,
            (Some(track), Some(folder), None) => Place::Scenario(format!("{track}/{folder}")),
            _ => Place::Unknown,
        };
        Self { language, place }
    }

    /// The path of an address.
    pub(crate) fn path(language: Language, place: &Place) -> String {
        let language = code(language);
        match place {
            Place::Catalog | Place::Unknown => format!("/{language}/"),
            Place::Scenario(id) => format!("/{language}/{id}/"),
        }
    }
}

/// The code of a language in addresses and in `lang`.
pub(crate) fn code(language: Language) -> &'static str {
    match language {
        Language::Ko => "ko",
        Language::En => "en",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_language_and_a_place() {
        for (path, language, place) in [
            ("/", None, Place::Catalog),
            ("/ko", Some(Language::Ko), Place::Catalog),
            ("/en/", Some(Language::En), Place::Catalog),
            ("/en/index.html", Some(Language::En), Place::Catalog),
            (
                "/ko/hypercloud-4.1/03-network-policy/",
                Some(Language::Ko),
                Place::Scenario("hypercloud-4.1/03-network-policy".to_owned()),
            ),
            ("/en/a/b/#step-one", Some(Language::En), Place::Scenario("a/b".to_owned())),
            ("/ko/a", Some(Language::Ko), Place::Unknown),
            ("/ko/a/b/c", Some(Language::Ko), Place::Unknown),
            ("/fr/", None, Place::Unknown),
        ] {
            assert_eq!(Route::parse(path), Route { language, place }, "{path}");
        }
    }

    #[test]
    fn a_path_is_read_back_as_it_was_written() {
        for place in [Place::Catalog, Place::Scenario("track/01-first".to_owned())] {
            let path = Route::path(Language::Ko, &place);
            assert_eq!(Route::parse(&path), Route { language: Some(Language::Ko), place });
        }
    }
}
