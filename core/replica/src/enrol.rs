//! The two ways to become known to a relay: a first box claims a tenant with the operator's invitation; any other
//! replica asks with a one-time code.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use trivet_log::ReplicaKind;
use trivet_log::entry::encode;

use crate::Identity;
use crate::identity::{Applicant, EnrolmentCode};

/// How long an applicant waits for the box that has the root.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
const ASK_EVERY: Duration = Duration::from_millis(200);

pub fn claim(data: &Path, relay: &str, invitation: &str) -> anyhow::Result<()> {
    let identity = Identity::load(data)?.with_context(|| format!("{} holds no replica", data.display()))?;
    ensure!(identity.root().is_some(), "only the box that has the tenant's root can claim it");
    let url = format!("{}/v1/tenants", relay.trim_end_matches('/'));
    let body =
        encode(&(identity.certificate.clone(), minicbor::bytes::ByteVec::from(identity.root_public_key.clone())));
    ureq::post(&url)
        .header("authorization", format!("Invitation {invitation}"))
        .send(&body)
        .context("the relay did not take the claim")?;
    Ok(())
}

pub fn enrol(data: &Path, relay: &str, code: &str, kind: ReplicaKind) -> anyhow::Result<()> {
    ensure!(!data.join("identity").exists(), "{} belongs to a replica already", data.display());
    let code = EnrolmentCode::parse(code)?;
    let applicant = Applicant::new(kind);
    let url = format!("{}/v1/enrolments/{}", relay.trim_end_matches('/'), code.hash());
    ureq::post(&url).send(&encode(&applicant.request(&code))).context("the relay did not take the request")?;
    let until = Instant::now() + ANSWER_WITHIN;
    let answer = loop {
        ensure!(Instant::now() < until, "the box that made the code did not answer: is it connected to the relay?");
        let mut response = ureq::get(&url).call().context("the relay does not know this code")?;
        match response.status().as_u16() {
            200 => break response.body_mut().read_to_vec()?,
            204 => std::thread::sleep(ASK_EVERY),
            other => bail!("the relay answered {other}"),
        }
    };
    let answer = minicbor::decode(&answer).context("the answer does not read")?;
    applicant.accept(&code, answer)?.save(data)
}
