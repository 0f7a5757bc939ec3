// Prints what failed in vitest's JSON report, with the first lines of why, and then "N passed, N failed, N skipped".
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const tell = (path, name, why) => {
  console.log(`FAILED ${relative(process.cwd(), path)}: ${name}`);
  for (const line of why.split("\n").slice(0, 12)) console.log(`  ${line}`);
};
let failed = report.numFailedTests;
for (const { name, status, message, assertionResults } of report.testResults) {
  const failures = assertionResults.filter((result) => result.status === "failed");
  for (const { fullName, failureMessages } of failures) tell(name, fullName, failureMessages.join("\n"));
  // A file that fails to load has no tests of its own: it counts as one failure.
  if (status === "failed" && assertionResults.length === 0) {
    tell(name, "the file", message);
    failed += 1;
  }
}
console.log(
  `${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
);
