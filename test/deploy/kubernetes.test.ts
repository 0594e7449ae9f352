import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parse, parseAllDocuments } from "yaml"
import packageJson from "../../package.json" with { type: "json" }
import { allowedMethods } from "../../src/http/allowedMethods.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const textOf = (path: string) => readFileSync(`${root}${path}`, "utf8")
const folder = "deploy/kubernetes/"

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly periodSeconds: number
  readonly timeoutSeconds: number
  readonly failureThreshold: number
}

interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } }
}

type Labels = Readonly<Record<string, string>>

interface Container {
  readonly image: string
  readonly ports: ReadonlyArray<{ readonly name: string; readonly containerPort: number }>
  readonly env: ReadonlyArray<Variable>
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } }
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly stringData?: Labels
  readonly spec: {
    readonly replicas: number
    readonly minAvailable: number
    readonly selector: Labels & { readonly matchLabels: Labels }
    readonly ports: ReadonlyArray<{ readonly targetPort: string }>
    readonly strategy: { readonly rollingUpdate: { readonly maxUnavailable: number } }
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels }
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly securityContext: { readonly runAsNonRoot: boolean; readonly runAsUser: number }
        readonly containers: ReadonlyArray<Container>
      }
    }
  }
}

const files = readdirSync(`${root}${folder}`).filter((name) => name.endsWith(".yaml")).sort()
const documents = files.filter((name) => name !== "kustomization.yaml").flatMap((name) => {
  const parsed = parseAllDocuments(textOf(folder + name), { strict: true, uniqueKeys: true })
  return parsed.map((document) => {
    assert.deepStrictEqual([...document.errors, ...document.warnings], [], name)
    return document.toJS() as Manifest
  })
})
const named = (kind: string): Manifest => documents.find((document) => document.kind === kind) ?? assert.fail(`no ${kind}`)

const { spec: deployment } = named("Deployment")
const { metadata: pod, spec } = deployment.template
const [container = assert.fail("no container")] = spec.containers
const valueOf = (name: string): string =>
  container.env.find((variable) => variable.name === name)?.value ?? assert.fail(`${name} has no value`)

/** What a process needs after its drain, in seconds, as docs/restarts.md has it. */
const farewell = Number(/up to `DRAIN_SECONDS` and (\d+) s/.exec(textOf("docs/restarts.md"))?.[1])

describe("deploy/kubernetes", () => {
  it("has every manifest in its kustomization", () => {
    const { resources } = parse(textOf(`${folder}kustomization.yaml`)) as { readonly resources: ReadonlyArray<string> }
    assert.deepStrictEqual([...resources, "kustomization.yaml"].sort(), files)
    assert.deepStrictEqual(documents.map(({ kind }) => kind).sort(), ["Deployment", "PodDisruptionBudget", "Secret", "Service"])
  })

  it("asks probes that the service answers, on the port that it listens on", () => {
    const methods = allowedMethods()
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe]
    assert.deepStrictEqual(probes.map(({ httpGet }) => httpGet.path), ["/healthz", "/healthz", "/readyz"])
    for (const { httpGet: { path, port } } of probes) {
      assert.match(methods(path) ?? "", /^GET, /, path)
      assert.strictEqual(container.ports.find(({ name }) => name === port)?.containerPort, Number(valueOf("PORT")))
    }
    assert.match(methods(pod.annotations["prometheus.io/path"] ?? "") ?? "", /^GET, /)
    assert.strictEqual(pod.annotations["prometheus.io/port"], valueOf("PORT"))
    assert.strictEqual(named("Service").spec.ports[0]?.targetPort, container.ports[0]?.name)
  })

  it("lets a process drain until its nodes know, and finish before it is killed", () => {
    const drain = Number(valueOf("DRAIN_SECONDS"))
    const before = container.lifecycle?.preStop.sleep.seconds ?? 0
    assert.isAtLeast(farewell, 9)
    assert.isAtLeast(spec.terminationGracePeriodSeconds, before + drain + farewell)
    const { failureThreshold, periodSeconds, timeoutSeconds } = container.readinessProbe
    assert.isAbove(drain, failureThreshold * periodSeconds + timeoutSeconds)
    const { services } = parse(textOf("docker-compose.yml")) as {
      readonly services: { readonly playtally: { readonly stop_grace_period: string } }
    }
    // The default drain of 5 s.
    assert.isAtLeast(Number.parseInt(services.playtally.stop_grace_period, 10), 5 + farewell)
  })

  it("keeps one that serves through updates and drained nodes", () => {
    assert.isAtLeast(deployment.replicas, 2)
    assert.strictEqual(deployment.strategy.rollingUpdate.maxUnavailable, 0)
    const budget = named("PodDisruptionBudget").spec
    assert.isBelow(budget.minAvailable, deployment.replicas)
    assert.isAtLeast(budget.minAvailable, 1)
    for (const selector of [deployment.selector.matchLabels, budget.selector.matchLabels, named("Service").spec.selector]) {
      assert.deepStrictEqual(selector, pod.labels)
    }
  })

  it("sets settings that there are, and takes the secret ones from the secret, whose placeholders start nothing", () => {
    const settings = textOf("docs/settings.md")
    for (const { name } of container.env) assert.match(settings, new RegExp(`^\\| [^|]*\`${name}\``, "m"))
    const secret = named("Secret")
    const taken = container.env.flatMap(({ name, valueFrom }) =>
      valueFrom === undefined ? [] : [{ variable: name, ...valueFrom.secretKeyRef }]
    )
    assert.deepStrictEqual(taken.map(({ variable }) => variable).sort(), ["DATABASE_URL", "OPERATOR_KEY"])
    assert.deepStrictEqual(Object.keys(secret.stringData ?? {}).sort(), taken.map(({ key }) => key).sort())
    for (const { key, name, variable } of taken) assert.deepStrictEqual([key, name], [variable, secret.metadata.name])
    assert.isBelow(secret.stringData?.["OPERATOR_KEY"]?.length ?? 32, 32)
  })

  it("runs the image of this version, as its user", () => {
    assert.strictEqual(container.image, `playtally:${packageJson.version}`)
    // The image's user has a name, and Kubernetes takes only a number for one that is not root.
    assert.match(textOf("Dockerfile"), /^USER node$/m)
    assert.deepStrictEqual([spec.securityContext.runAsNonRoot, spec.securityContext.runAsUser], [true, 1000])
  })
})
