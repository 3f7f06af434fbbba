using static PSRunner.Workflows.Tools.ToolWriting;

namespace PSRunner.Workflows.Tools;

/// <summary>The built-in tools that a workflow begins with: they find and fetch.</summary>
internal static class BuiltInSourceTools
{
    public static IReadOnlyList<ToolDefinition> All { get; } =
    [
        Tool("files_list", "Find the files of a folder that match a pattern.",
            [Must("folder", "string", "Where to look."), May("pattern", "string", "Which names to take.", "\"*\""), May("recurse", "boolean", "Look into subfolders too.", "false")],
            "FOLDER_MISSING ACCESS_DENIED TIMEOUT"),
        Tool("files_open", "Read the content of one stored file.",
            [Must("path", "string", "The file."), May("encoding", "string", "How its text is encoded.", "\"utf-8\"")],
            "FILE_NOT_FOUND ACCESS_DENIED BAD_ENCODING TIMEOUT"),
        Tool("files_unpack", "Extract the entries of an archive.",
            [Must("archive", "string", "The archive file."), May("keep_paths", "boolean", "Keep the folders of the entries.", "true")],
            "FILE_NOT_FOUND ARCHIVE_DAMAGED DISK_FULL", "files_open"),
        Tool("web_probe", "Measure whether an address answers and how fast.",
            [Must("address", "string", "The address."), May("count", "integer", "How many measurements.", "3")],
            "HOST_UNREACHABLE BLOCKED TIMEOUT"),
        Tool("web_route", "Choose the endpoint that shall serve a request.",
            [Must("service", "string", "Which service."), May("region", "string", "Preferred region.", "\"any\"")],
            "NO_ENDPOINT NAME_UNKNOWN TIMEOUT", "web_probe"),
        Tool("web_download", "Fetch a page or document from an address.",
            [Must("address", "string", "The address."), May("timeout_seconds", "number", "How long to wait.", "30"), May("retries", "integer", "How often to try again.", "2")],
            "HOST_UNREACHABLE NOT_FOUND BAD_CERTIFICATE TIMEOUT"),
        Tool("web_extract", "Pull text and links out of a page.",
            [Must("selector", "string", "Which part of the page."), May("links", "boolean", "Give the links too.", "true")],
            "SELECTOR_INVALID PAGE_EMPTY TIMEOUT", "web_download"),
        Tool("web_crawl", "Follow the links of a site and gather its pages.",
            [Must("start", "string", "Where to begin."), May("depth", "integer", "How many links deep.", "2")],
            "HOST_UNREACHABLE BLOCKED TIMEOUT", "web_extract"),
        Tool("services_login", "Authenticate with a remote service.",
            [Must("service", "string", "Which service."), May("scope", "string", "What rights to ask for.", "\"read\"")],
            "AUTH_REFUSED SERVICE_DOWN TIMEOUT"),
        Tool("services_query", "Ask a service for data it holds.",
            [Must("resource", "string", "What to ask for."), May("page_size", "integer", "Items a page.", "100")],
            "AUTH_REFUSED NOT_FOUND QUOTA_USED_UP TIMEOUT", "services_login"),
    ];
}
