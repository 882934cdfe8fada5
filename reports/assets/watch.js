/* Notes everything that goes wrong from the first moment on, for the self-test. */
"use strict";
const assayTrouble = [];
addEventListener("error", (event) => assayTrouble.push("error: " + (event.message || "a resource did not load")), true);
addEventListener("unhandledrejection", (event) => assayTrouble.push("rejection: " + event.reason));
addEventListener("securitypolicyviolation", (event) => assayTrouble.push("request refused: " + event.blockedURI));
for (const level of ["error", "warn"]) {
    const original = console[level].bind(console);
    console[level] = (...words) => {
        assayTrouble.push(level + ": " + words.join(" "));
        original(...words);
    };
}
