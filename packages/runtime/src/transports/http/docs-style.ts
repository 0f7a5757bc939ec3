/**
 * What the page changes of Swagger UI's look: the system's fonts, calmer spacing, no list of servers (there is one: where the page came from), no link to the
 * page's own copy of the document, since the description links the real ones, and errors in one line each but the first, since all have the same body.
 */
export const DOCS_CSS = `
:root { color-scheme: light; }
:root.dark-mode { color-scheme: dark; }
:root.dark-mode, .dark-mode body { background: #1c2022; }
.swagger-ui, .swagger-ui .info .title, .swagger-ui .opblock-tag, .swagger-ui .opblock .opblock-summary-description,
.swagger-ui table thead tr td, .swagger-ui table thead tr th, .swagger-ui .btn, .swagger-ui label, .swagger-ui select {
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
.swagger-ui .wrapper { max-width: 1120px; }
.swagger-ui .info { margin: 32px 0 16px; }
.swagger-ui .info .main .link { display: none; }
.swagger-ui .scheme-container .schemes > .schemes-server-container { display: none; }
.swagger-ui .scheme-container .schemes { justify-content: flex-end; }
.swagger-ui .auth-container .wrapper:has([id^="client_secret"]) { display: none; }
.swagger-ui .scheme-container:not(:has(.auth-wrapper)) { display: none; }
.swagger-ui .parameter__name, .swagger-ui .parameter__type { white-space: nowrap; }
.swagger-ui .response[data-code] .headers-wrapper, .swagger-ui .response-col_links { display: none; }
.swagger-ui .response[data-code]:not([data-code^="2"]):not([data-code="400"]) :is(.response-controls, .model-example) { display: none; }
.swagger-ui .response[data-code] .response-col_status, .swagger-ui .response[data-code] .response-col_description { padding: 6px 0; }
.swagger-ui .opblock-tag small { padding: 0 12px; }
.swagger-ui textarea { min-height: 160px; }
`;

/** Follows the system's choice of dark or light; Swagger UI has the colours, its bare layout only lacks the switch. */
export const DOCS_JS = `
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
`;
