//! Every page in both languages, three themes and three widths: no errors, no violations, no findings of
//! axe, and a picture to look at.
#![cfg(feature = "browser")]

use e2e::Outcome;
use e2e::audit::{accessible, quiet};
use e2e::browser::{Browser, Size};
use e2e::serve::Podium;

const PAGES: [(&str, &str); 4] = [
    ("catalogue", ""),
    ("network-policy", "hypercloud-4.1/03-network-policy/"),
    ("authority", "hypercloud-4.1/02-authority/"),
    ("nowhere", "hypercloud-4.1/99-nowhere/"),
];
/// The other notebooks: each in one theme and width for each language.
const NOTEBOOKS: [(&str, &str); 9] = [
    ("environment", "hypercloud-4.1/00-environment/"),
    ("console", "hypercloud-4.1/01-console/"),
    ("accounts", "hypercloud-4.1/02-accounts/"),
    ("policy-rules", "hypercloud-4.1/03-policy-rules/"),
    ("containers", "hypercloud-4.1/04-containers/"),
    ("applications", "hypercloud-4.1/06-applications/"),
    ("autoscaling", "hypercloud-4.1/06-autoscaling/"),
    ("batch", "hypercloud-4.1/06-batch/"),
    ("placement", "hypercloud-4.1/06-placement/"),
];
const SIZES: [(&str, Size); 3] =
    [("wide", Size::WIDE), ("middle", Size::MIDDLE), ("narrow", Size::NARROW)];

/// Looks at a page once what `ready` selects is there.
async fn look(
    browser: &Browser,
    (url, ready): (&str, &str),
    language: &str,
    place: &str,
) -> Outcome {
    browser.goto(url).await?;
    browser.find(ready).await?;
    browser
        .until(
            "the page has its language",
            &format!("document.documentElement.lang === '{language}'"),
        )
        .await?;
    quiet(browser, place).await?;
    accessible(browser, place).await?;
    browser.screenshot(place).await?;
    Ok(())
}

#[tokio::test]
async fn every_page_is_clean_in_every_language_theme_and_width() -> Outcome {
    let podium = Podium::start(&[])?;
    for language in ["ko", "en"] {
        for theme in ["light", "dark"] {
            let browser = Browser::open(Size::WIDE).await?;
            browser.prefer(theme).await?;
            for (page, path) in PAGES {
                for (width, size) in SIZES {
                    browser.resize(size).await?;
                    let url = format!("{}/{language}/{path}", podium.url);
                    let place = format!("{page}-{language}-{theme}-{width}");
                    look(&browser, (&url, "h1"), language, &place).await?;
                }
            }
            browser.close().await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_notebook_is_clean_once_its_cluster_is_there() -> Outcome {
    let podium = Podium::start(&[])?;
    for (language, theme, width, size) in
        [("ko", "light", "wide", Size::WIDE), ("en", "dark", "narrow", Size::NARROW)]
    {
        let browser = Browser::open(size).await?;
        browser.prefer(theme).await?;
        for (page, path) in NOTEBOOKS {
            let url = format!("{}/{language}/{path}", podium.url);
            let place = format!("{page}-{language}-{theme}-{width}");
            let ready = "[data-press='check']:not([disabled])";
            look(&browser, (&url, ready), language, &place).await?;
        }
        browser.close().await?;
    }
    Ok(())
}
