// The admin and the pages share the choice between light and dark.
(() => {
  // Its styles are in admin.css: the content security policy allows none in the page.
  if (globalThis.htmx) globalThis.htmx.config.includeIndicatorStyles = false;
  try {
    localStorage.setItem("adminTheme", JSON.stringify(localStorage.getItem("theme") ?? "auto"));
  } catch {
    return; // Storage is closed to this page: the system's theme it is.
  }
  addEventListener("pagehide", () => {
    const chosen = JSON.parse(localStorage.getItem("adminTheme") ?? '"auto"');
    if (chosen === "auto") localStorage.removeItem("theme");
    else localStorage.setItem("theme", chosen);
  });
})();
