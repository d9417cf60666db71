//! The images that pods of the node tier pull: root file systems made of what Debian and Go give.
//!
//! Static busybox is the whole of `busybox`, `alpine` and `ubuntu` and serves `nginx`' welcome page;
//! agnhost is `pause` and, beside busybox as in the image that is published, itself. The registry program turns the folders into images.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::programs::{make_dir, write};
use crate::{Failure, programs};

const BUSYBOX: &str = "/bin/busybox";
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// `nginx` in foreground; as process 1 it must answer SIGTERM itself.
const NGINX: &str = "#!/bin/sh
trap 'exit 0' TERM QUIT INT
httpd -f -v -p 80 -h /usr/share/nginx/html &
wait
";
const CURL: &str = "#!/bin/sh
for word in \"$@\"; do case $word in -*) ;; *) url=$word ;; esac; done
exec wget -q -O - \"$url\"
";
const WELCOME: &str = "<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
</body>
</html>
";

/// Makes the folders and `images.json`, the registry's list, in `dir`.
pub(crate) fn prepare(dir: &Path) -> Result<(), Failure> {
    for (name, os_release) in
        [("busybox", ""), ("alpine", "ID=alpine\n"), ("ubuntu", "ID=ubuntu\n")]
    {
        busybox_root(&dir.join(name), os_release)?;
    }
    let nginx = dir.join("nginx");
    busybox_root(&nginx, "ID=debian\n")?;
    make_dir(&nginx.join("usr/share/nginx/html"))?;
    write(&nginx.join("usr/share/nginx/html/index.html"), WELCOME)?;
    script(&nginx.join("bin/nginx"), NGINX)?;
    script(&nginx.join("bin/curl"), CURL)?;
    let pause = dir.join("pause");
    make_dir(&pause)?;
    copy(&programs::agnhost()?, &pause.join("agnhost"))?;
    let agnhost = dir.join("agnhost");
    busybox_root(&agnhost, "ID=alpine\n")?;
    copy(&programs::agnhost()?, &agnhost.join("agnhost"))?;
    write(&dir.join("images.json"), &list().to_string())
}

/// Which names and tags there are. Any other is really not found by the container runtime.
fn list() -> Value {
    let image = |root: &str, repositories: &[&str], tags: &[&str], config: Value| json!({ "root": root, "repositories": repositories, "tags": tags, "config": config });
    let shell = json!({ "Env": [PATH], "Cmd": ["sh"] });
    let nginx = json!({
        "Env": [PATH], "Cmd": ["nginx", "-g", "daemon off;"], "StopSignal": "SIGQUIT",
        "ExposedPorts": { "80/tcp": {} },
    });
    json!([
        image("busybox", &["library/busybox"], &["latest", "1.28", "1.36", "1.37"], shell.clone()),
        image(
            "alpine",
            &["library/alpine"],
            &["latest", "3", "3.20", "3.21", "3.22"],
            shell.clone()
        ),
        image("ubuntu", &["library/ubuntu"], &["latest", "trusty", "22.04", "24.04"], shell),
        image(
            "nginx",
            &["library/nginx"],
            &["latest", "alpine", "1.25", "1.26", "1.27", "1.28", "1.29", "1.29-alpine"],
            nginx
        ),
        image(
            "pause",
            &["pause"],
            &["3.10", "3.10.1"],
            json!({ "Entrypoint": ["/agnhost", "pause"] })
        ),
        image(
            "agnhost",
            &["e2e-test-images/agnhost"],
            &["latest", "2.55", "2.56", "2.57"],
            json!({ "Env": [PATH], "Entrypoint": ["/agnhost"], "Cmd": ["pause"] })
        ),
    ])
}

/// busybox under all its names.
fn busybox_root(root: &Path, os_release: &str) -> Result<(), Failure> {
    for folder in ["bin", "etc", "tmp", "root", "var/log", "usr/bin", "home"] {
        make_dir(&root.join(folder))?;
    }
    copy(Path::new(BUSYBOX), &root.join("bin/busybox"))?;
    let listed = Command::new(BUSYBOX)
        .arg("--list")
        .output()
        .map_err(|error| format!("{BUSYBOX} cannot be run ({error}); install busybox-static"))?;
    for applet in String::from_utf8_lossy(&listed.stdout).lines() {
        if applet != "busybox" {
            symlink("busybox", root.join("bin").join(applet))
                .map_err(|error| format!("the applet {applet} cannot be linked: {error}"))?;
        }
    }
    write(
        &root.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    )?;
    write(&root.join("etc/group"), "root:x:0:\nnogroup:x:65534:\n")?;
    write(&root.join("etc/os-release"), os_release)?;
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777))
        .map_err(|error| format!("the permissions of /tmp cannot be set: {error}"))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to)
        .map(|_| ())
        .map_err(|error| format!("{} cannot be copied: {error}", from.display()))
}

fn script(file: &Path, text: &str) -> Result<(), Failure> {
    write(file, text)?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .map_err(|error| format!("{} cannot be made executable: {error}", file.display()))
}
