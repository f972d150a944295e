// Runs cases through @cloud-copilot/iam-simulate, a simulator by others: a JSON list of cases on stdin, of results on
// stdout. The only argument is the folder in which the package is installed.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
const require = createRequire(process.argv[2] + '/package.json')
const { runSimulation } = require('@cloud-copilot/iam-simulate')
const out = []
for (const simulation of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    const found = await runSimulation(simulation, {})
    out.push({ result: found.overallResult, ignored: found.result?.ignoredContextKeys, errors: found.errors })
  } catch (e) {
    out.push({ errors: String(e) })
  }
}
process.stdout.write(JSON.stringify(out))
