/** Answers of the server: whole ones, refusals, and those that break off. */

import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, describe, expect, it } from "vitest";

import { getJson, NoAnswer, Refused } from "../src/protocol/http";

let server: Server | undefined;

afterEach(() => server?.close());

function serving(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  return new Promise((resolve) => {
    started.listen(0, "127.0.0.1", () => {
      resolve(`http://127.0.0.1:${String((started.address() as AddressInfo).port)}/`);
    });
  });
}

describe("an answer", () => {
  it("is what the server says", async () => {
    const address = await serving((_, answer) => answer.end('{"one": 1}'));
    expect(await getJson(address)).toEqual({ one: 1 });
  });

  it("that is a refusal says why", async () => {
    const address = await serving((_, answer) => {
      answer.writeHead(400).end('{"error": {"message": "No such sheet."}}');
    });
    await expect(getJson(address)).rejects.toThrow(new Refused(400, "No such sheet.", []));
  });

  it("that breaks off may be asked for again", async () => {
    const address = await serving((_, answer) => {
      answer.writeHead(200, { "Content-Length": "100" });
      answer.write('{"one": ', () => answer.destroy());
    });
    await expect(getJson(address)).rejects.toBeInstanceOf(NoAnswer);
  });

  it("that doesn't come may be asked for again", async () => {
    const address = await serving((asked) => asked.socket.destroy());
    await expect(getJson(address)).rejects.toBeInstanceOf(NoAnswer);
  });
});
