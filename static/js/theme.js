// Runs before the first paint, so that the page never flashes in the wrong theme.
(() => {
  try {
    const kept = localStorage.getItem("theme");
    if (kept === "light" || kept === "dark") {
      document.documentElement.dataset.theme = kept;
    }
  } catch {
    // Storage is closed to this page: the system's theme it is.
  }
  const kept = document.documentElement.dataset.theme;
  const dark = kept ? kept === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.classList.toggle("dark-mode", dark);
})();
