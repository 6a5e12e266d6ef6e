// Finds the answer to a puzzle: digits whose SHA-256, put behind the puzzle, begins with enough zero bits.
// Written out here, because a page that is not served by HTTPS has no crypto.subtle.

import { sha256Head } from "./lib/sha256";

interface Task {
  puzzle: string;
  bits: number;
}

self.addEventListener("message", (event: MessageEvent<Task>) => {
  const { puzzle, bits } = event.data;
  const shift = 32 - bits;
  for (let tried = 0; ; tried += 1) {
    if (sha256Head(`${puzzle}:${tried}`) >>> shift === 0) {
      self.postMessage(String(tried));
      return;
    }
  }
});
