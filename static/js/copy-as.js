// A request to this server as code: a curl command, and a Python program.

/**
 * @typedef {object} Call
 * @property {string} method Such as "POST".
 * @property {string} address
 * @property {Record<string, string|number|boolean>} [params] The query.
 * @property {Record<string, string>} [headers] A value may contain KEY where the key belongs.
 * @property {unknown} [json] The body.
 * @property {[string, string|number|boolean][]} [form] The fields of a form, instead of `json`.
 * @property {Record<string, string>} [files] The form's files: field to path.
 * @property {string} [output] The file for the answer; without it the answer is printed.
 */

/** Stands for the API key, which the code takes from the environment. */
export const KEY = "${API_KEY}";

/**
 * One command for a POSIX shell.
 * @param {Call} call
 */
export function asCurl(call) {
  const parts = [["curl", "-sS", quoted(addressOf(call))]];
  if (call.method !== (hasBody(call) ? "POST" : "GET")) parts[0].splice(2, 0, "-X", call.method);
  for (const [name, value] of Object.entries(headersOf(call))) parts.push(["-H", quoted(`${name}: ${value}`)]);
  if (call.json !== undefined) parts.push(["-d", quoted(JSON.stringify(call.json))]);
  for (const [name, path] of Object.entries(call.files ?? {})) parts.push(["-F", quoted(`${name}=@"${curlPath(path)}"`)]);
  // `-F` would take a leading @ or < as the name of a file.
  for (const [name, value] of call.form ?? []) parts.push(["--form-string", quoted(`${name}=${value}`)]);
  if (call.output) parts.push(["-o", quoted(call.output)]);
  return parts.map((words) => words.join(" ")).join(" \\\n  ");
}

/**
 * A program that needs the httpx package.
 * @param {Call} call
 */
export function asPython(call) {
  const key = Object.values(call.headers ?? {}).some((value) => value.includes(KEY));
  const given = [
    pythonLiteral(call.address),
    call.params && `params=${pythonLiteral(call.params)}`,
    call.headers && `headers=${pythonHeaders(call.headers)}`,
    call.json !== undefined && `json=${pythonLiteral(call.json)}`,
    call.form?.length && `data=${pythonLiteral(grouped(call.form))}`,
    call.files && `files=${pythonFiles(call.files)}`,
    "timeout=None",
  ].filter(Boolean);
  const lines = [
    ...(key ? ["import os", ""] : []),
    "import httpx  # pip install httpx",
    "",
    `answer = httpx.${call.method.toLowerCase()}(`,
    ...given.map((each) => `    ${each},`),
    ")",
    "answer.raise_for_status()",
  ];
  if (!call.output) return [...lines, "print(answer.text)"].join("\n");
  return [...lines, `with open(${pythonLiteral(call.output)}, "wb") as file:`, "    file.write(answer.content)"].join("\n");
}

/** @param {Call} call */
function hasBody(call) {
  return call.json !== undefined || Boolean(call.form?.length) || Object.keys(call.files ?? {}).length > 0;
}

/** @param {Call} call */
function addressOf({ address, params }) {
  if (!params) return address;
  const texts = Object.entries(params).map(([name, value]) => [name, String(value)]);
  return `${address}?${new URLSearchParams(texts)}`;
}

/** @param {Call} call */
function headersOf(call) {
  return { ...call.headers, ...(call.json === undefined ? {} : { "Content-Type": "application/json" }) };
}

/** @param {string} path As curl reads it between double quotes. */
function curlPath(path) {
  return path.replaceAll(/["\\]/g, "\\$&");
}

/**
 * The text as one word of the shell; only the key is expanded.
 * @param {string} text
 */
function quoted(text) {
  if (/^[\w:/.=%@,+-]+$/.test(text)) return text;
  if (/^[\w:/.=%@,+ -]+$/.test(text.replaceAll(KEY, "_"))) {
    return text.includes(KEY) ? `"${text.replaceAll(KEY, "$$API_KEY")}"` : `'${text}'`;
  }
  const parts = text.split(KEY).map((part) => part && `'${part.replaceAll("'", "'\\''")}'`);
  return parts.join('"$API_KEY"') || "''";
}

/** @param {Record<string, string>} headers */
function pythonHeaders(headers) {
  const each = Object.entries(headers).map(([name, value]) => `${pythonLiteral(name)}: ${pythonHeader(value)}`);
  return `{${each.join(", ")}}`;
}

/** @param {string} value */
function pythonHeader(value) {
  const parts = value.split(KEY).map((part) => part && pythonLiteral(part));
  return parts.join(` + os.environ["API_KEY"] + `).replace(/^ \+ | \+ $/g, "");
}

/** @param {Record<string, string>} files */
function pythonFiles(files) {
  const each = Object.entries(files).map(([name, path]) => `${pythonLiteral(name)}: open(${pythonLiteral(path)}, "rb")`);
  return `{${each.join(", ")}}`;
}

/**
 * A name that comes several times has a list.
 * @param {[string, string|number|boolean][]} form
 */
function grouped(form) {
  /** @type {Record<string, unknown>} */
  const all = {};
  for (const [name] of form) {
    const values = form.filter(([each]) => each === name).map(([, value]) => String(value));
    all[name] = values.length > 1 ? values : values[0];
  }
  return all;
}

/**
 * Plain data as Python writes it.
 * @param {unknown} value
 * @returns {string}
 */
function pythonLiteral(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value).map(([name, each]) => `${pythonLiteral(name)}: ${pythonLiteral(each)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}
