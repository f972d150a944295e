// While a request is judged its page asks how far that is, and is loaded again once it is done.
"use strict";
const underWay = document.querySelector("[data-progress]");
if (underWay) {
  const step = document.getElementById("step");
  const look = async () => {
    try {
      const answer = await fetch(underWay.dataset.progress, { redirect: "error" });
      const told = answer.ok ? await answer.json() : { done: true };
      if (told.done || (told.state === "judging") !== (step !== null)) {
        location.reload();
        return;
      }
      if (step && told.step) step.textContent = told.step;
    } catch {
      // The server is away for a moment, or for good: then this page says what it last knew.
    }
    setTimeout(look, 1000);
  };
  setTimeout(look, 500);
}
const wrong = document.getElementById("wrong");
if (wrong) wrong.focus();
