import { readFile, writeFile } from "node:fs/promises";
import { CONFIG_GUIDE_FILE, CONFIG_SCHEMA_FILE, configGuideText, configSchemaText } from "./config-reference.ts";

// Writes the JSON Schema and the page of the configuration from its tables; a test fails when this was forgotten.
await writeFile(CONFIG_SCHEMA_FILE, await configSchemaText());
await writeFile(CONFIG_GUIDE_FILE, await configGuideText(await readFile(CONFIG_GUIDE_FILE, "utf8")));
