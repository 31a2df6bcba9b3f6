// Where this server is: a proxy may serve it under a path such as /voice/.

const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * The address of one of this server's paths, wherever the server is.
 * Every request and socket of a page goes through it.
 * @param {string} path Such as "/health".
 */
export function address(path) {
  return ROOT + path.replace(/^\//, "");
}

/** Another program on the same host may have a cookie of the usual name. */
export const CSRF_COOKIE = `csrftoken${ROOT.slice(0, -1).replaceAll("/", "_")}`;
