//! Real servers that scripts beside the workspace can start; a test that wants one skips
//! where there is no script, or where it fails.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // Each test is a crate of its own, and includes this.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A script may have to install its server first, which two at a time cannot.
static STARTING: Mutex<()> = Mutex::new(());

/// A server that ends with the test.
pub struct Rig {
    pub port: u16,
    pid: String,
    data: PathBuf,
}

impl Rig {
    /// `None`, with a line that says why, where `name` cannot be started.
    pub fn start(name: &str) -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .ok()?
            .local_addr()
            .ok()?
            .port();
        Self::start_at(name, port, &[])
    }

    /// At this port, where an earlier one may have left its data, with settings of its script.
    pub fn start_at(name: &str, port: u16, settings: &[(&str, &str)]) -> Option<Self> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
        let script = workspace.parent()?.join(format!("shared/rigs/{name}.sh"));
        if !script.exists() {
            println!("skipped: there is no script that starts {name}");
            return None;
        }
        let rigs = std::env::current_exe()
            .ok()?
            .ancestors()
            .nth(3)?
            .join("rigs");
        let starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let output = Command::new("bash")
            .arg(script)
            .arg(port.to_string())
            .env("RIGS", &rigs)
            .envs(settings.iter().copied())
            .output();
        drop(starting);
        let output = output.ok()?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let pid = told.split_once("pid=").map(|(_, rest)| rest);
        let pid = pid.and_then(|rest| rest.split_whitespace().next());
        let Some(pid) = pid.filter(|_| output.status.success()) else {
            println!("skipped: {name} does not start here: {told}");
            return None;
        };
        Some(Self {
            port,
            pid: pid.to_owned(),
            data: rigs.join("data").join(format!("{name}-{port}")),
        })
    }

    /// The folder that it keeps its data and its logs in.
    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(&self.pid).status();
    }
}
