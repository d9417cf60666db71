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
const SIZES: [(&str, Size); 3] =
    [("wide", Size::WIDE), ("middle", Size::MIDDLE), ("narrow", Size::NARROW)];

async fn look(browser: &Browser, url: &str, language: &str, theme: &str) -> Outcome {
    for (page, path) in PAGES {
        for (width, size) in SIZES {
            browser.resize(size).await?;
            browser.goto(&format!("{url}/{language}/{path}")).await?;
            browser.find("h1").await?;
            browser
                .until(
                    "the page has its language",
                    &format!("document.documentElement.lang === '{language}'"),
                )
                .await?;
            let place = format!("{page}-{language}-{theme}-{width}");
            quiet(browser, &place).await?;
            accessible(browser, &place).await?;
            browser.screenshot(&place).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_page_is_clean_in_every_language_theme_and_width() -> Outcome {
    let podium = Podium::start(&[])?;
    for language in ["ko", "en"] {
        for theme in ["light", "dark"] {
            let browser = Browser::open(Size::WIDE).await?;
            browser.prefer(theme).await?;
            look(&browser, &podium.url, language, theme).await?;
            browser.close().await?;
        }
    }
    Ok(())
}
