using static PSRunner.Workflows.Tools.ToolWriting;

namespace PSRunner.Workflows.Tools;

/// <summary>The built-in categories that reach out: web, services, ops.</summary>
internal static class BuiltInActionTools
{
    public static IReadOnlyList<ToolDefinition> All { get; } =
    [
        Tool("web_download", "Fetch a page or document from an address.",
            [Must("address", "string", "The address."), May("timeout_seconds", "number", "How long to wait.", "30"), May("retries", "integer", "How often to try again.", "2")],
            "HOST_UNREACHABLE NOT_FOUND BAD_CERTIFICATE TIMEOUT"),
        Tool("web_extract", "Pull text and links out of a page.",
            [Must("selector", "string", "Which part of the page."), May("links", "boolean", "Give the links too.", "true")],
            "SELECTOR_INVALID PAGE_EMPTY TIMEOUT", "web_download"),
        Tool("web_crawl", "Follow the links of a site and gather its pages.",
            [Must("start", "string", "Where to begin."), May("depth", "integer", "How many links deep.", "2")],
            "HOST_UNREACHABLE BLOCKED TIMEOUT", "web_extract"),
        Tool("web_send", "Transmit data to a remote address.",
            [Must("address", "string", "Where to."), Must("body", "object", "What to transmit.")],
            "HOST_UNREACHABLE REJECTED TOO_LARGE TIMEOUT", "services_login"),
        Tool("web_probe", "Measure whether an address answers and how fast.",
            [Must("address", "string", "The address."), May("count", "integer", "How many measurements.", "3")],
            "HOST_UNREACHABLE BLOCKED TIMEOUT"),
        Tool("web_route", "Choose the endpoint that shall serve a request.",
            [Must("service", "string", "Which service."), May("region", "string", "Preferred region.", "\"any\"")],
            "NO_ENDPOINT NAME_UNKNOWN TIMEOUT", "web_probe"),

        Tool("services_login", "Authenticate with a remote service.",
            [Must("service", "string", "Which service."), May("scope", "string", "What rights to ask for.", "\"read\"")],
            "AUTH_REFUSED SERVICE_DOWN TIMEOUT"),
        Tool("services_query", "Ask a service for data it holds.",
            [Must("resource", "string", "What to ask for."), May("page_size", "integer", "Items a page.", "100")],
            "AUTH_REFUSED NOT_FOUND QUOTA_USED_UP TIMEOUT", "services_login"),
        Tool("services_map", "Translate fields between the models of two systems.",
            [Must("source_model", "string", "The model of the data."), Must("target_model", "string", "The model that is wanted.")],
            "FIELD_MISSING MODEL_UNKNOWN TIMEOUT"),
        Tool("services_publish", "Hand a prepared record over to another system.",
            [Must("target", "string", "Which system."), Must("record", "object", "What to hand over.")],
            "AUTH_REFUSED REJECTED CONFLICT TIMEOUT", "services_login services_map"),
        Tool("services_enqueue", "Place a message on a work queue.",
            [Must("queue", "string", "Which queue."), May("priority", "integer", "0 is lowest.", "0")],
            "QUEUE_FULL QUEUE_MISSING TIMEOUT"),
        Tool("services_schedule", "Plan a job for a later time.",
            [Must("job", "string", "Which job."), Must("at", "string", "When, as ISO 8601.")],
            "TIME_PAST JOB_UNKNOWN TIMEOUT", "services_enqueue"),

        Tool("ops_note", "Enter an event in the operations log.",
            [Must("text", "string", "What happened."), May("level", "string", "info, warning or error.", "\"info\"")],
            "LOG_FULL ACCESS_DENIED TIMEOUT"),
        Tool("ops_remember", "Keep a result in a cache for later use.",
            [Must("key", "string", "The name to find it by."), May("minutes", "number", "How long to keep it.", "60")],
            "CACHE_FULL KEY_INVALID TIMEOUT"),
        Tool("ops_track", "Update the progress of a long job.",
            [Must("job", "string", "Which job."), May("percent", "number", "How far it is.", "0")],
            "JOB_UNKNOWN ACCESS_DENIED TIMEOUT"),
        Tool("ops_report", "Compose a report from figures and text.",
            [Must("title", "string", "Its title."), May("format", "string", "html, pdf or text.", "\"html\"")],
            "TEMPLATE_MISSING NOTHING_TO_REPORT TIMEOUT", "math_describe"),
        Tool("ops_alert", "Notify people about a finding.",
            [Must("recipients", "array", "Who is told."), Must("message", "string", "What they are told.")],
            "RECIPIENT_UNKNOWN CHANNEL_DOWN TIMEOUT", "ops_report web_probe"),
        Tool("ops_approve", "Get a person's approval for a step.",
            [Must("step", "string", "What is to be approved."), May("wait_minutes", "number", "How long to wait.", "15")],
            "REFUSED NOBODY_THERE TIMEOUT", "ops_note"),
    ];
}
