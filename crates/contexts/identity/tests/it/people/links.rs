//! Invitations and resets, with a mail server that keeps what it gets.

use axum::http::StatusCode;
use mt_identity::people::{Hashing, Held, Invitation};
use mt_mail::{Smtp, Tls};
use regex::Regex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::clinic::{CHEAP, Clinic, PASSWORD};

/// An SMTP server; the letters that it takes come out of the channel.
async fn mail_server() -> (Smtp, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(receive(stream, sender.clone()));
        }
    });
    let from = "Harbour <no-reply@harbour.example>";
    (
        Smtp::new(("127.0.0.1", port), Tls::None, None, from).unwrap(),
        receiver,
    )
}

/// RFC 5321 as far as a client needs it.
async fn receive(stream: TcpStream, letters: mpsc::UnboundedSender<String>) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 test\r\n").await.ok()?;
    let mut letter = None::<String>;
    while let Some(line) = lines.next_line().await.ok()? {
        if let Some(text) = &mut letter {
            if line == "." {
                letters.send(std::mem::take(text)).ok()?;
                letter = None;
                writer.write_all(b"250 ok\r\n").await.ok()?;
            } else {
                text.push_str(&line);
                text.push('\n');
            }
            continue;
        }
        let answer = match line.get(..4).unwrap_or_default() {
            "EHLO" => "250 test\r\n",
            "DATA" => {
                letter = Some(String::new());
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        writer.write_all(answer.as_bytes()).await.ok()?;
    }
    Some(())
}

/// The path of the link in a letter, which may be broken into lines by quoted-printable.
fn link(letter: &str) -> String {
    let whole = letter.replace("=\n", "").replace("=3D", "=");
    let found = Regex::new(r"https://ehr\.example\.org(/t/harbour/\S+)").unwrap();
    found.captures(&whole).unwrap_or_else(|| panic!("{letter}"))[1].to_owned()
}

fn invitation() -> Invitation {
    Invitation {
        email: "new@clinic.example".to_owned(),
        name: Some("New Nurse".to_owned()),
        fhir_user: Some("Practitioner/n1".to_owned()),
        roles: vec![Held {
            locations: vec!["ward-3".to_owned()],
            ..Held::plain("nurse")
        }],
    }
}

#[tokio::test]
async fn an_invitation_makes_one_account_with_its_roles() {
    let (smtp, mut letters) = mail_server().await;
    let clinic = Clinic::with(Hashing::new(CHEAP, 4, 100), Some(smtp)).await;
    let made = clinic
        .people
        .invite(&clinic.ctx(), &clinic.name, &invitation())
        .await
        .unwrap();
    assert_eq!(clinic.people.deliver_due_mail().await.unwrap(), 1);
    let letter = letters.recv().await.unwrap();
    let path = link(&letter);
    assert!(made.ends_with(&path));
    assert!(letter.contains("To: new@clinic.example"), "{letter}");
    let mut browser = clinic.browser();
    let easy = [("username", "nina"), ("password", "ninanina2026")];
    let answer = browser.post(&path, &easy).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let good = [("username", "nina"), ("password", PASSWORD)];
    assert_eq!(browser.post(&path, &good).await.status, StatusCode::OK);
    assert_eq!(
        browser.get(&path).await.status,
        StatusCode::NOT_FOUND,
        "used up"
    );
    let account = clinic
        .people
        .account_named(clinic.tenant, "nina")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(account.profile.roles, invitation().roles);
    assert_eq!(account.profile.fhir_user, invitation().fhir_user);
    clinic.enrol(&mut clinic.browser(), "nina").await;
}

#[tokio::test]
async fn an_invitation_expires_and_a_taken_name_does_not_use_it_up() {
    let clinic = Clinic::new().await;
    clinic.person("ada", "patient").await;
    let made = clinic
        .people
        .invite(&clinic.ctx(), &clinic.name, &invitation())
        .await
        .unwrap();
    let path = link(&made);
    let mut browser = clinic.browser();
    let taken = [("username", "ADA"), ("password", PASSWORD)];
    let answer = browser.post(&path, &taken).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    clinic.clock.advance_seconds(7 * 24 * 3600);
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_forgotten_password_is_answered_alike_for_everybody() {
    let clinic = Clinic::new().await;
    clinic.person("ada", "patient").await;
    let mut answers = Vec::new();
    for name in ["ada", "eve", ""] {
        let answer = clinic
            .browser()
            .post("/t/harbour/forgot", &[("username", name)])
            .await;
        answers.push((answer.status, answer.body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn a_reset_link_is_good_once_ends_sessions_and_leaves_the_second_factor() {
    let (smtp, mut letters) = mail_server().await;
    let clinic = Clinic::with(Hashing::new(CHEAP, 4, 100), Some(smtp)).await;
    clinic.person("doc", "doctor").await;
    let mut signed_in = clinic.browser();
    clinic.enrol(&mut signed_in, "doc").await;
    let fields = [("username", "doc@clinic.example")];
    clinic.browser().post("/t/harbour/forgot", &fields).await;
    // The link is made aside.
    let mut sent = 0;
    while sent == 0 {
        tokio::task::yield_now().await;
        sent = clinic.people.deliver_due_mail().await.unwrap();
    }
    let path = link(&letters.recv().await.unwrap());
    let mut browser = clinic.browser();
    let chosen = "nine green ladders hum";
    let answer = browser.post(&path, &[("password", "short")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        browser.post(&path, &[("password", chosen)]).await.status,
        StatusCode::OK
    );
    assert_eq!(
        browser.get(&path).await.status,
        StatusCode::NOT_FOUND,
        "used up"
    );
    assert!(!signed_in.is_signed_in().await);
    let answer = browser.sign_in("doc", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = browser.sign_in("doc", chosen).await;
    assert_eq!(answer.location(), "/t/harbour/sign-in/code");
}
