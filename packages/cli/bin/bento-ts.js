#!/usr/bin/env node
// npm links commands when it installs, and leaves out those whose file is not there: in this repository, dist/ comes later.
import "../dist/bin.js";
