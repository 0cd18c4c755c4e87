// Talks to the worker: every message gets one answer.

export class Client {
  #worker;
  #waiting = new Map();
  #next = 1;

  constructor(base) {
    this.#worker = new Worker(new URL("worker.js", base));
    this.#worker.onmessage = ({ data }) => {
      const { resolve, reject } = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.kind === "failed") reject(new Error(data.message));
      else resolve(data);
    };
    this.#worker.onerror = (event) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(event.message || "the worker did not start"));
      this.#waiting.clear();
    };
  }

  /** Sends a message; the promise is of the answer, and fails with its one line. */
  ask(kind, content = {}, transferred = []) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, kind, ...content }, transferred);
    });
  }

  close() {
    this.#worker.terminate();
  }
}

/** The bytes of a file that is served beside the page. */
export async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: not there (${response.status})`);
  return response.arrayBuffer();
}
