// An inline program of the Automation API that the pack judges: `npx tsx inline.ts PACK [CONFIG.json]`.
//
// The pack runs in its own Python environment, whatever the program's language is. What is previewed under it is
// written to a plan, and what is deployed is that plan.
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as aws from "@pulumi/aws";
import * as auto from "@pulumi/pulumi/automation/index.js";

const labels = { application: "shop", environment: "production", tenant: "acme", "data-classification": "internal" };

async function program() {
  const key = new aws.kms.Key("key", { enableKeyRotation: true, tags: labels });
  const repository = new aws.ecr.Repository("api", {
    imageTagMutability: "MUTABLE", // the finding; the fix: IMMUTABLE
    imageScanningConfiguration: { scanOnPush: true },
    encryptionConfigurations: [{ encryptionType: "KMS", kmsKey: key.arn }],
    tags: labels,
  });
  const selection = { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 50 };
  const rules = [{ rulePriority: 1, selection, action: { type: "expire" } }];
  new aws.ecr.LifecyclePolicy("api", { repository: repository.name, policy: JSON.stringify({ rules }) });
}

const [pack, ...configs] = process.argv.slice(2);
const stack = await auto.LocalWorkspace.createOrSelectStack({ stackName: "dev", projectName: "shop-node", program });
await stack.setConfig("aws:region", { value: "eu-central-1" });
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "plan-"));
const options = {
  plan: path.join(folder, "plan.json"),
  policyPacks: [pack],
  policyPackConfigs: configs,
  onOutput: (text: string) => process.stdout.write(text),
  color: "never" as const,
};
try {
  await stack.preview(options);
  await stack.up(options);
} catch (error) {
  // What was found is printed by now.
  console.error(`stopped: ${(error as Error).name}`);
  process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true });
}
