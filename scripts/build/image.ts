import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { constants } from 'node:zlib'
import { billOfProgram } from '../bill-of-materials.mjs'
import { version } from './bundle.ts'
import { architectures } from './debian-package.ts'
import { executablePath } from './executable.ts'
import { makeImageRoot, makeProgramRoot, user } from './image-root.ts'
import { lockedNodePackage } from './node-binary.ts'
import { mustRun } from './must-run.ts'
import { createLayout } from './oci-layout.ts'

/** Docker's types: clients read a health check only from an image of these types. */
const types = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  index: 'application/vnd.oci.image.index.v1+json',
}

const labels = {
  'org.opencontainers.image.title': 'acrux',
  'org.opencontainers.image.description':
    "A self-hosted container registry that supports Azure Container Registry's authentication.",
  'org.opencontainers.image.version': version,
  'org.opencontainers.image.licenses': 'Apache-2.0',
}

const secondNs = 1_000_000_000

/** How a container runs. [Docker image specification v1.3] */
const config = {
  User: `${user}:${user}`,
  Env: ['PATH=/usr/bin', 'ACRUX_DATA_DIR=/data', 'ACRUX_LISTEN=0.0.0.0:5443'],
  Entrypoint: ['/usr/bin/acrux'],
  Cmd: ['serve'],
  WorkingDir: '/data',
  Volumes: { '/data': {} },
  ExposedPorts: { '5443/tcp': {} },
  StopSignal: 'SIGTERM',
  Labels: labels,
  Healthcheck: {
    Test: ['CMD', '/usr/bin/acrux', 'health', '--container'],
    Interval: 30 * secondNs,
    Timeout: 10 * secondNs,
    StartPeriod: 60 * secondNs,
    Retries: 3,
  },
}

/** Writes the image for all platforms as an archive of an OCI layout, with its bill of materials attached. */
export async function buildImage({
  dist,
  work,
  isFast,
}: {
  readonly dist: string
  readonly work: string
  readonly isFast: boolean
}) {
  const folder = join(work, 'image')
  const layout = createLayout(folder, isFast ? constants.Z_BEST_SPEED : constants.Z_DEFAULT_COMPRESSION)
  const created = new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1000).toISOString()
  const manifests = []
  const debianPackages = []
  for (const platform of Object.keys(architectures) as (keyof typeof architectures)[]) {
    const architecture = architectures[platform]
    const base = join(work, `root-${architecture}`)
    debianPackages.push(...makeImageRoot(base, architecture))
    const program = join(work, `program-${architecture}`)
    makeProgramRoot(program, executablePath(dist, platform))
    mkdirSync(join(work, 'volume/data/blobs'), { recursive: true, mode: 0o700 })
    const layers = [
      await layout.addLayer(types.layer, ['-C', base, '.']),
      await layout.addLayer(types.layer, ['-C', program, '.']),
      await layout.addLayer(types.layer, [`--owner=${user}`, `--group=${user}`, '-C', join(work, 'volume'), 'data']),
    ]
    for (const each of [base, program]) rmSync(each, { recursive: true })
    const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) }
    const history = layers.map(() => ({ created, created_by: 'npm run build -- image' }))
    const description = layout.add(types.config, { architecture, os: 'linux', created, config, rootfs, history })
    const manifest = layout.add(types.manifest, {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: description,
      layers: layers.map(({ descriptor }) => descriptor),
    })
    manifests.push({ ...manifest, platform: { architecture, os: 'linux' } })
  }
  const index = layout.add(types.index, { schemaVersion: 2, mediaType: types.index, manifests, annotations: labels })
  const bill = attachBill(layout, index, billOfMaterials(debianPackages))
  layout.finish([{ ...index, annotations: { 'org.opencontainers.image.ref.name': version } }, bill])
  const output = join(dist, `acrux-${version}-image.tar`)
  // Without `./` before the names: oras would not find them.
  const content = ['blobs', 'index.json', 'oci-layout']
  mustRun('tar', [
    '--create',
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '-f',
    output,
    '-C',
    folder,
    ...content,
  ])
  return output
}

/** What the image contains: the packages of the program, Node, and those of Debian. */
function billOfMaterials(debianPackages: readonly import('./image-root.ts').DebianPackage[]) {
  const bill = billOfProgram()
  const node = lockedNodePackage('linux-x64').version
  const ofDebian = debianPackages.map(({ name, version, architecture }) => {
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=trixie`
    return { 'bom-ref': purl, type: 'library', name, version, purl }
  })
  const ofNode = { 'bom-ref': 'node', type: 'platform', name: 'node', version: node, purl: `pkg:generic/node@${node}` }
  const known = new Map([...bill.components, ofNode, ...ofDebian].map((each) => [each['bom-ref'], each]))
  return { ...bill, components: [...known.values()] }
}

function attachBill(
  layout: ReturnType<typeof createLayout>,
  subject: import('./oci-layout.ts').Descriptor,
  bill: object,
) {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const artifactType = 'application/vnd.cyclonedx+json'
  const content = layout.add(artifactType, bill)
  const manifest = layout.add(mediaType, {
    schemaVersion: 2,
    mediaType,
    artifactType,
    config: layout.add('application/vnd.oci.empty.v1+json', '{}'),
    layers: [{ ...content, annotations: { 'org.opencontainers.image.title': 'acrux.cdx.json' } }],
    subject,
  })
  return { ...manifest, artifactType }
}
