//! Apache Tomcat as its files tell it to be: the ports of `conf/server.xml`, the applications below `webapps`,
//! the access log (`java/org/apache/catalina/startup/{Catalina,Bootstrap,HostConfig}.java`, `valves`).

use std::time::Duration;

use jiff::Timestamp;

use super::later;
use crate::shell::{Entry, Files};

/// Where the image has it.
const HOME: &str = "/usr/local/tomcat";
/// `ServerInfo`.
const SERVER: &str = "Apache Tomcat/10.1.46";

/// What `server.xml` sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) ports: Vec<u16>,
    base: String,
    access: Option<AccessLog>,
    listeners: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct AccessLog {
    folder: String,
    prefix: String,
    suffix: String,
    pattern: String,
}

/// What Tomcat does at its start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Start {
    /// Lines of its output, with their times.
    pub(crate) lines: Vec<(Timestamp, String)>,
    /// What it serves with; `None` when it gives up.
    pub(crate) settings: Option<Settings>,
}

/// An answer to a request.
pub(crate) struct Page {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// One line of its output: in one line with the image's `logging.properties`, in two as Java does without.
fn line(
    files: &Files,
    at: Timestamp,
    level: &str,
    class: &str,
    method: &str,
    text: &str,
) -> String {
    if files.read(&format!("{HOME}/conf/logging.properties")).is_ok() {
        let time = at.strftime("%d-%b-%Y %H:%M:%S");
        let milli = at.subsec_millisecond();
        return format!("{time}.{milli:03} {level} [main] {class}.{method} {text}");
    }
    let time = at.strftime("%b %d, %Y %-I:%M:%S %p");
    format!("{time} {class} {method}\n{level}: {text}")
}

/// Starts it: reads its configuration and says what it writes while it comes up.
pub(crate) fn start(files: &mut Files, now: Timestamp, ready: Duration) -> Start {
    let path = format!("{HOME}/conf/server.xml");
    let early = later(now, ready / 4);
    let at = |part: u32| later(now, ready.saturating_mul(part) / 10);
    let mut found = Start::default();
    let trouble = match files.read(&path) {
        Ok(data) => match configuration(&String::from_utf8_lossy(&data)) {
            Ok(settings) => {
                found.settings = Some(settings);
                None
            }
            Err(text) => {
                Some(format!("org.xml.sax.SAXParseException; systemId: file:{path}; {text}"))
            }
        },
        Err(why) => Some(format!("java.io.FileNotFoundException: {path} ({why})")),
    };
    let mut say =
        |files: &Files, at: Timestamp, level: &str, class: &str, method: &str, text: &str| {
            let class = format!("org.apache.{class}");
            found.lines.push((at, line(files, at, level, &class, method, text)));
        };
    let catalina = "catalina.startup.Catalina";
    if let Some(trouble) = trouble {
        let text = format!("Unable to load server configuration from [{path}]\n{trouble}");
        say(files, early, "WARNING", catalina, "parseServerXml", &text);
        let text = "Cannot start server, server instance is not configured";
        say(files, early, "SEVERE", catalina, "start", text);
        return found;
    }
    let settings = found.settings.clone().unwrap_or_default();
    if settings.listeners.iter().any(|one| one.ends_with("VersionLoggerListener")) {
        for text in versions() {
            let class = "catalina.startup.VersionLoggerListener";
            say(files, early, "INFO", class, "log", &text);
        }
    }
    for port in &settings.ports {
        let text = format!("Initializing ProtocolHandler [\"http-nio-{port}\"]");
        say(files, at(5), "INFO", "coyote.AbstractProtocol", "init", &text);
    }
    let text = format!("Server initialization in [{}] milliseconds", ready.as_millis() / 4);
    say(files, at(5), "INFO", catalina, "load", &text);
    let service = "Starting service [Catalina]";
    say(files, at(6), "INFO", "catalina.core.StandardService", "startInternal", service);
    let engine = format!("Starting Servlet engine: [{SERVER}]");
    say(files, at(6), "INFO", "catalina.core.StandardEngine", "startInternal", &engine);
    deploy(files, &settings, (at(6), at(9)), &mut say);
    for port in &settings.ports {
        let text = format!("Starting ProtocolHandler [\"http-nio-{port}\"]");
        say(files, at(10), "INFO", "coyote.AbstractProtocol", "start", &text);
    }
    let text = format!("Server startup in [{}] milliseconds", ready.as_millis() / 2);
    say(files, at(10), "INFO", catalina, "start", &text);
    if let Some(access) = &settings.access {
        let _made = files.make_folder(&access.folder, true);
        let _opened = files.write(&access.file(now), b"", true);
    }
    found
}

/// What the host does with the applications it finds.
fn deploy(
    files: &mut Files,
    settings: &Settings,
    (begin, end): (Timestamp, Timestamp),
    say: &mut impl FnMut(&Files, Timestamp, &str, &str, &str, &str),
) {
    let host = "catalina.startup.HostConfig";
    let folder = format!("{HOME}/conf/Catalina/localhost");
    if files.make_folder(&folder, true).is_err() {
        let text = format!("Unable to create directory for deployment: [{folder}]");
        say(files, begin, "SEVERE", host, "createDirs", &text);
    }
    for name in files.names(&settings.base) {
        let place = format!("{}/{name}", settings.base);
        if files.entry(&place) != Some(Entry::Folder) {
            continue;
        }
        let text = format!("Deploying web application directory [{place}]");
        say(files, begin, "INFO", host, "deployDirectory", &text);
        if files.read(&format!("{HOME}/conf/web.xml")).is_err() {
            let text = "No global web.xml found";
            say(
                files,
                begin,
                "INFO",
                "catalina.startup.ContextConfig",
                "getDefaultWebXmlFragment",
                text,
            );
        }
        let took = end.as_millisecond() - begin.as_millisecond();
        let text = format!(
            "Deployment of web application directory [{place}] has finished in [{took}] ms"
        );
        say(files, end, "INFO", host, "deployDirectory", &text);
    }
}

fn versions() -> Vec<String> {
    [
        ("Server version name:", SERVER),
        ("Server version number:", "10.1.46.0"),
        ("OS Name:", "Linux"),
        ("OS Version:", "6.12.0"),
        ("Architecture:", "amd64"),
        ("Java Home:", "/opt/java/openjdk"),
        ("JVM Version:", "21.0.8+9-LTS"),
        ("JVM Vendor:", "Eclipse Adoptium"),
        ("CATALINA_BASE:", HOME),
        ("CATALINA_HOME:", HOME),
    ]
    .iter()
    .map(|(what, value)| format!("{what:<22} {value}"))
    .collect()
}

/// Reads `server.xml`; an error is what the parser says.
fn configuration(text: &str) -> Result<Settings, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| {
        let place = error.pos();
        let why = match &error {
            roxmltree::Error::UnexpectedCloseTag(expected, ..) => format!(
                "The element type \"{expected}\" must be terminated by the matching end-tag \"</{expected}>\"."
            ),
            roxmltree::Error::NoRootNode => "Premature end of file.".to_owned(),
            roxmltree::Error::UnclosedRootNode | roxmltree::Error::UnexpectedEndOfStream => {
                "XML document structures must start and end within the same entity.".to_owned()
            }
            other => other.to_string(),
        };
        format!("lineNumber: {}; columnNumber: {}; {why}", place.row, place.col)
    })?;
    let named =
        |name: &'static str| document.descendants().filter(move |one| one.has_tag_name(name));
    let absolute = |path: &str| crate::shell::absolute(HOME, path);
    let base = named("Host").next().and_then(|host| host.attribute("appBase")).unwrap_or("webapps");
    let valve = named("Valve").find(|one| {
        one.attribute("className").is_some_and(|class| class.ends_with("AccessLogValve"))
    });
    Ok(Settings {
        // AJP is another protocol.
        ports: named("Connector")
            .filter(|one| !one.attribute("protocol").is_some_and(|name| name.starts_with("AJP")))
            .filter_map(|one| one.attribute("port")?.parse().ok())
            .collect(),
        base: absolute(base),
        access: valve.map(|valve| AccessLog {
            folder: absolute(valve.attribute("directory").unwrap_or("logs")),
            prefix: valve.attribute("prefix").unwrap_or("access_log").to_owned(),
            suffix: valve.attribute("suffix").unwrap_or_default().to_owned(),
            pattern: match valve.attribute("pattern").unwrap_or("common") {
                "common" => "%h %l %u %t \"%r\" %s %b".to_owned(),
                "combined" => {
                    "%h %l %u %t \"%r\" %s %b \"%{Referer}i\" \"%{User-Agent}i\"".to_owned()
                }
                pattern => pattern.to_owned(),
            },
        }),
        listeners: named("Listener")
            .filter_map(|one| Some(one.attribute("className")?.to_owned()))
            .collect(),
    })
}

impl AccessLog {
    fn file(&self, now: Timestamp) -> String {
        format!("{}/{}{}{}", self.folder, self.prefix, now.strftime(".%Y-%m-%d"), self.suffix)
    }
}

/// The access log's file and its line for a request (`AbstractAccessLogValve`).
pub(crate) fn access(
    settings: &Settings,
    now: Timestamp,
    (from, method, path, agent): (&str, &str, &str, &str),
    (code, size): (u16, usize),
) -> Option<(String, String)> {
    let log = settings.access.as_ref()?;
    let size_text = if size == 0 { "-".to_owned() } else { size.to_string() };
    let plain = path.split('?').next().unwrap_or(path);
    let agent = if agent.is_empty() { "-" } else { agent };
    let text = log
        .pattern
        .replace("%{User-Agent}i", agent)
        .replace("%{Referer}i", "-")
        .replace("%h", from)
        .replace("%a", from)
        .replace("%l", "-")
        .replace("%u", "-")
        .replace("%t", &now.strftime("[%d/%b/%Y:%H:%M:%S +0000]").to_string())
        .replace("%r", &format!("{method} {path} HTTP/1.1"))
        .replace("%m", method)
        .replace("%U", plain)
        .replace("%s", &code.to_string())
        .replace("%b", &size_text)
        .replace("%B", &size.to_string())
        .replace("%D", "1000")
        .replace("%T", "0");
    Some((log.file(now), format!("{text}\n")))
}

/// The answer to a request: a file of an application, or the page that says why not (`DefaultServlet`,
/// `ErrorReportValve`).
pub(crate) fn page(settings: &Settings, files: &Files, path: &str) -> Page {
    let plain = path.split('?').next().unwrap_or(path);
    let clean = crate::shell::absolute("/", plain);
    let first = clean.split('/').nth(1).unwrap_or_default();
    let is_folder = |path: &str| files.entry(path) == Some(Entry::Folder);
    let own = format!("{}/{first}", settings.base);
    let (root, inner) = if !first.is_empty() && first != "ROOT" && is_folder(&own) {
        (own, clean.strip_prefix(&format!("/{first}")).unwrap_or_default().to_owned())
    } else {
        (format!("{}/ROOT", settings.base), clean.clone())
    };
    // Without an application, or without the servlets of the global web.xml, nobody looks for a file.
    if !is_folder(&root) || files.read(&format!("{HOME}/conf/web.xml")).is_err() {
        return error(404, "Not Found", "", MISSING);
    }
    let place = format!("{root}{inner}");
    let absent = || {
        let shown = plain.replace('&', "&amp;").replace('<', "&lt;").replace('/', "&#47;");
        let why = format!("The requested resource [{shown}] is not available");
        error(404, "Not Found", &why, MISSING)
    };
    if inner.starts_with("/WEB-INF") || inner.starts_with("/META-INF") {
        return absent();
    }
    if is_folder(&place) {
        if !plain.ends_with('/') {
            return Page {
                code: 302,
                reason: "Found",
                kind: "",
                location: Some(format!("{plain}/")),
                body: Vec::new(),
            };
        }
        let welcome = ["index.html", "index.htm", "index.jsp"]
            .iter()
            .map(|name| crate::shell::absolute(&place, name))
            .find(|path| files.read(path).is_ok());
        return welcome.map_or_else(absent, |path| file(files, &path));
    }
    if files.read(&place).is_ok() { file(files, &place) } else { absent() }
}

const MISSING: &str = "The origin server did not find a current representation for the target resource or is not willing to disclose that one exists.";

fn file(files: &Files, path: &str) -> Page {
    let data = files.read(path).map(|data| data.to_vec()).unwrap_or_default();
    let kind = match path.rsplit('.').next().unwrap_or_default() {
        "html" | "htm" => "text/html",
        "jsp" => "text/html;charset=ISO-8859-1",
        "txt" => "text/plain",
        "css" => "text/css",
        "js" => "text/javascript",
        "json" => "application/json",
        "xml" => "application/xml",
        _ => "",
    };
    if path.ends_with(".jsp") && String::from_utf8_lossy(&data).contains("<%") {
        // Nothing here compiles Java.
        let why =
            "The JSP has Java in it, and the Tomcat of an embedded cluster does not compile Java.";
        return error(
            500,
            "Internal Server Error",
            why,
            "The server encountered an unexpected condition that prevented it from fulfilling the request.",
        );
    }
    Page { code: 200, reason: "OK", kind, location: None, body: data }
}

fn error(code: u16, reason: &'static str, message: &str, description: &str) -> Page {
    let style = "body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} h1 {font-size:22px;} h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} .line {height:1px;background-color:#525D76;border:none;}";
    let message =
        if message.is_empty() { String::new() } else { format!("<p><b>Message</b> {message}</p>") };
    let title = format!("HTTP Status {code} \u{2013} {reason}");
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><title>{title}</title><style type=\"text/css\">{style}</style></head><body><h1>{title}</h1><hr class=\"line\" /><p><b>Type</b> Status Report</p>{message}<p><b>Description</b> {description}</p><hr class=\"line\" /><h3>{SERVER}</h3></body></html>"
    );
    Page { code, reason, kind: "text/html;charset=utf-8", location: None, body: body.into_bytes() }
}
