// Reads vitest's JSON reports: of a run, and maybe of a second one of the files that failed in it.
//
//   count-tests.mjs REPORT [SECOND]    tells what failed, and at last "N passed, N failed, N skipped"
//   count-tests.mjs --failed REPORT    names the files that failed, one a line
import { readFileSync } from "node:fs";
import { relative } from "node:path";

/** Results of a report, one for each test; a file that fails to load has no tests of its own and counts as one that failed. */
function readResults(path) {
  const { testResults } = JSON.parse(readFileSync(path, "utf8"));
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    if (status === "failed" && assertionResults.length === 0) {
      return [{ file, test: "the file", status, failureMessages: [message] }];
    }
    return assertionResults.map(({ fullName: test, ...result }) => ({ ...result, file, test }));
  });
}

const hasFailed = ({ status }) => status === "failed";

function tell(word, { file, test, failureMessages }) {
  console.log(`${word} ${file}: ${test}`);
  const lines = failureMessages.join("\n").split("\n");
  for (const line of lines.filter((text) => !text.includes("node_modules")).slice(0, 12)) console.log(`  ${line}`);
}

const isListing = process.argv[2] === "--failed";
const [first = [], second = []] = process.argv.slice(isListing ? 3 : 2).map(readResults);
if (isListing) {
  for (const file of new Set(first.filter(hasFailed).map((result) => result.file))) console.log(file);
} else {
  const again = new Set(second.map(({ file }) => file));
  const last = [...first.filter(({ file }) => !again.has(file)), ...second];
  for (const result of first.filter(hasFailed)) tell(again.has(result.file) ? "FAILED AT FIRST" : "FAILED", result);
  for (const result of second.filter(hasFailed)) tell("FAILED AGAIN", result);
  const passed = last.filter(({ status }) => status === "passed").length;
  const failed = last.filter(hasFailed).length;
  console.log(`${passed} passed, ${failed} failed, ${last.length - passed - failed} skipped`);
}
