use axum::http::{HeaderMap, Request as HttpRequest};
use tower::ServiceExt;

use super::*;

const BUILT: &[Asset] = &[
    Asset {
        path: "index.html",
        bytes: b"<meta name=n content=__CSP_NONCE__>",
        brotli: None,
    },
    Asset {
        path: "assets/a-1.js",
        bytes: b"export {}",
        brotli: Some(b"compressed"),
    },
    Asset {
        path: "icon.svg",
        bytes: b"<svg/>",
        brotli: None,
    },
];

struct Answered {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answered {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(assets: &[Asset], path: &str, with: &[(&str, &str)]) -> Answered {
    let mut request = HttpRequest::get(path);
    for (name, value) in with {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = application("/app/", assets).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    Answered {
        status,
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

#[tokio::test]
async fn every_address_of_the_application_is_its_page() {
    for path in [
        "/app/",
        "/app/patients",
        "/app/patients/1.2/vitals?sign=bmi",
    ] {
        let page = ask(BUILT, path, &[]).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_folder_with_a_page_is_an_application_of_its_own() {
    let mut assets = BUILT.to_vec();
    assets.push(Asset {
        path: "portal/index.html",
        bytes: b"<title>portal",
        brotli: None,
    });
    let cases = [
        ("/app/portal", true),
        ("/app/portal/", true),
        ("/app/portal/results/1", true),
        ("/app/portals", false),
        ("/app/patients/portal/", false),
    ];
    for (path, portal) in cases {
        let page = ask(&assets, path, &[]).await;
        assert_eq!(page.body == "<title>portal", portal, "{path}");
        assert_eq!(page.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn the_page_and_its_policy_carry_one_nonce_that_no_other_response_has() {
    let first = ask(BUILT, "/app/", &[]).await;
    let second = ask(BUILT, "/app/", &[]).await;
    let nonce = |page: &Answered| page.body.split(['=', '>']).nth(2).unwrap().to_owned();
    assert_eq!(nonce(&first).len(), 32);
    assert_ne!(nonce(&first), nonce(&second));
    let policy = first.header("content-security-policy");
    assert!(
        policy.contains(&format!("style-src 'self' 'nonce-{}'", nonce(&first))),
        "{policy}"
    );
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn files_named_after_their_content_are_kept_for_ever_and_others_asked_for() {
    let script = ask(BUILT, "/app/assets/a-1.js", &[]).await;
    assert_eq!(
        script.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(
        script.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(script.header("x-content-type-options"), "nosniff");
    let icon = ask(BUILT, "/app/icon.svg", &[]).await;
    assert_eq!(
        icon.header("cache-control"),
        "public, max-age=0, must-revalidate"
    );
    let tag = icon.header("etag").to_owned();
    for known in [
        tag.as_str(),
        &format!("W/{tag}"),
        &format!("\"x\", {tag}"),
        "*",
    ] {
        let again = ask(BUILT, "/app/icon.svg", &[("if-none-match", known)]).await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{known}");
    }
    let other = ask(BUILT, "/app/icon.svg", &[("if-none-match", "\"x\"")]).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn brotli_is_sent_to_those_who_take_it() {
    for (accepted, sent) in [
        ("gzip, deflate, br", "compressed"),
        ("BR;q=0.5", "compressed"),
        ("br;q=0, gzip", "export {}"),
        ("gzip", "export {}"),
        ("brotli", "export {}"),
    ] {
        let script = ask(
            BUILT,
            "/app/assets/a-1.js",
            &[("accept-encoding", accepted)],
        )
        .await;
        assert_eq!(script.body, sent, "{accepted}");
        assert_eq!(script.header("vary"), "accept-encoding");
    }
}

#[tokio::test]
async fn a_missing_file_is_no_page() {
    let gone = ask(BUILT, "/app/assets/a-0.js", &[]).await;
    assert_eq!(gone.status, 404);
    assert_eq!(gone.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_build_without_the_application_says_so() {
    let answer = ask(&[], "/app/patients", &[]).await;
    assert_eq!(answer.status, 404);
    assert!(
        answer.body.contains("holds no web application"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn the_root_leads_to_the_application() {
    let root = ask(BUILT, "/", &[]).await;
    assert_eq!((root.status, root.header("location")), (307, "/app/"));
    let outside = ask(BUILT, "/other", &[]).await;
    assert_eq!(outside.status, 404);
}
