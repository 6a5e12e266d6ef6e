// A journey of the OpenFeature web client: values, another context, a poll that is answered with 304, a missing flag.
import assert from "node:assert/strict";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature } from "@openfeature/web-sdk";

const [address, key] = process.argv.slice(2);
const seen = [];
const counted = async (...sent) => {
  const answer = await fetch(...sent);
  seen.push(answer.status);
  return answer;
};
const provider = new OFREPWebProvider({
  baseUrl: address,
  headersFactory: () => [["Authorization", `Bearer ${key}`]],
  pollInterval: 150,
  fetchImplementation: counted,
});
await OpenFeature.setContext({ targetingKey: "u-7", country: "CA" });
await OpenFeature.setProviderAndWait(provider);
const client = OpenFeature.getClient();
const found = client.getBooleanDetails("new-map", false);
assert.deepEqual([found.value, found.variant, found.reason], [true, "on", "TARGETING_MATCH"]);
assert.equal(client.getNumberValue("ratio", 0), 1);
assert.equal(client.getNumberValue("limit", 0), 10);
assert.deepEqual(client.getObjectValue("shape", {}), { sides: 4 });
assert.equal(client.getStringValue("words", "code"), "code");
assert.equal(client.getBooleanDetails("nope", true).errorCode, "FLAG_NOT_FOUND");
// Only an attribute changes: the client sends the old tag, and must still get the new answer.
await OpenFeature.setContext({ targetingKey: "u-7", country: "NL" });
assert.equal(client.getBooleanValue("new-map", true), false);
const deadline = Date.now() + 20_000;
while (!seen.includes(304) && Date.now() < deadline) {
  await new Promise((done) => setTimeout(done, 50));
}
assert.ok(seen.includes(304), `no poll was answered with 304: ${seen}`);
assert.equal(client.getBooleanValue("new-map", true), false);
await OpenFeature.close();
console.log("journey done");
