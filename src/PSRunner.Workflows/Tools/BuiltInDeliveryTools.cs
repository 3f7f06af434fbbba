using static PSRunner.Workflows.Tools.ToolWriting;

namespace PSRunner.Workflows.Tools;

/// <summary>The built-in tools that a workflow ends with: they store, send and tell.</summary>
internal static class BuiltInDeliveryTools
{
    public static IReadOnlyList<ToolDefinition> All { get; } =
    [
        Tool("files_save", "Write content to a file in storage.",
            [Must("path", "string", "The file to write."), Must("content", "object", "What to write."), May("overwrite", "boolean", "Replace a file that exists.", "false")],
            "DISK_FULL ACCESS_DENIED FILE_EXISTS TIMEOUT", "records_check"),
        Tool("files_pack", "Compress files into one archive.",
            [Must("archive", "string", "The archive to make."), May("level", "integer", "1 is fast, 9 is small.", "5")],
            "DISK_FULL NOTHING_TO_PACK TIMEOUT", "files_list"),
        Tool("web_send", "Transmit data to a remote address.",
            [Must("address", "string", "Where to."), Must("body", "object", "What to transmit.")],
            "HOST_UNREACHABLE REJECTED TOO_LARGE TIMEOUT", "services_login"),
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
        Tool("ops_approve", "Get a person's approval for a step.",
            [Must("step", "string", "What is to be approved."), May("wait_minutes", "number", "How long to wait.", "15")],
            "REFUSED NOBODY_THERE TIMEOUT", "ops_note"),
        Tool("ops_alert", "Notify people about a finding.",
            [Must("recipients", "array", "Who is told."), Must("message", "string", "What they are told.")],
            "RECIPIENT_UNKNOWN CHANNEL_DOWN TIMEOUT", "ops_report web_probe"),
    ];
}
