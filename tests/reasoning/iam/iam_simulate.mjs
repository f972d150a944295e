// Runs cases through @cloud-copilot/iam-simulate, a simulator by others: cases as JSON on stdin, results on stdout.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
const require = createRequire(process.argv[2] + '/package.json')
const { runSimulation } = require('@cloud-copilot/iam-simulate')
const out = []
for (const simulation of JSON.parse(readFileSync(0, 'utf8'))) {
  try { out.push(await runSimulation(simulation, {})) } catch (e) { out.push({ error: String(e) }) }
}
console.log(JSON.stringify(out))
