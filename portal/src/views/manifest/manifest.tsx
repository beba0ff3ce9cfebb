import { Text, makeStyles, tokens } from '@fluentui/react-components'
import { useParams } from '@tanstack/react-router'
import type { Descriptor } from '../../api/registry-types.ts'
import type { RawManifest } from '../../api/registry.ts'
import { AppLink } from '../../shell/app-link.tsx'
import { CopyText } from '../../shell/copy-text.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { type Fact, Facts } from '../../shell/facts.tsx'
import { formatBytes, shortDigest } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { texts } from '../../texts.ts'
import { ImageConfigView } from './image-config-view.tsx'
import { LayerChart } from './layer-chart.tsx'
import { type ManifestContent, platformName } from './parse-manifest.ts'
import { type ManifestAddress, useManifest, useReferrers } from './use-manifest.ts'

const view = texts.manifestView
const maxShownLength = 64 * 1024

const useStyles = makeStyles({
  raw: {
    maxHeight: '24rem',
    margin: 0,
    padding: tokens.spacingHorizontalM,
    overflow: 'auto',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    backgroundColor: tokens.colorNeutralBackground3,
  },
})

/** One manifest or index, by tag or digest. */
export function Manifest() {
  const address = useParams({
    from: '/shell/registries/$registry/repositories/$repository/manifests/$reference',
  })
  const { registry, repository, reference } = address
  const query = useManifest(address)
  const isDigest = reference.includes(':')
  const name = `${registry}/${repository}${isDigest ? '@' : ':'}${reference}`
  return (
    <Page title={isDigest ? `${repository}@${shortDigest(reference)}` : `${repository}:${reference}`}>
      <CopyText label={texts.repositoryView.pull} text={`docker pull ${name}`} />
      <Loaded query={query}>
        {({ raw, content }) => (
          <>
            <Section title={view.properties}>
              <Facts facts={factsOf(raw, content)} />
              <CopyText label={view.digest} text={raw.digest} />
            </Section>
            {content.manifests.length > 0 && <Platforms address={address} manifests={content.manifests} />}
            {content.layers.length > 0 && <Layers layers={content.layers} />}
            <ImageConfigView address={address} config={content.config} />
            {content.annotations.length > 0 && (
              <Section title={view.annotations}>
                <Facts facts={content.annotations} />
              </Section>
            )}
            <Referrers address={address} digest={raw.digest} />
            <Raw text={raw.text} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function factsOf(raw: RawManifest, content: ManifestContent): readonly Fact[] {
  const bytes = [content.config, ...content.layers].reduce((sum, descriptor) => sum + (descriptor?.size ?? 0), 0)
  return [
    [view.mediaType, raw.mediaType],
    ...(content.artifactType === undefined ? [] : [[view.artifactType, content.artifactType] as const]),
    [view.size, formatBytes(raw.sizeBytes + bytes)],
  ]
}

type DescriptorsProps = { readonly address: ManifestAddress; readonly manifests: readonly Descriptor[] }

function Platforms({ address, manifests }: DescriptorsProps) {
  return (
    <Section title={view.platforms}>
      <DataTable
        label={view.platforms}
        rows={manifests}
        keyOf={({ digest }) => digest}
        columns={[
          {
            title: view.platform,
            cell: ({ platform }) =>
              platformName(platform?.os, platform?.architecture, platform?.variant) ?? texts.unknown,
          },
          { title: view.digest, cell: ({ digest }) => <ManifestLink address={address} digest={digest} /> },
          { title: view.size, cell: ({ size }) => formatBytes(size) },
        ]}
      />
    </Section>
  )
}

function ManifestLink({ address, digest }: { readonly address: ManifestAddress; readonly digest: string }) {
  const { registry, repository } = address
  return (
    <AppLink
      to="/registries/$registry/repositories/$repository/manifests/$reference"
      params={{ registry, repository, reference: digest }}
    >
      <code>{shortDigest(digest)}</code>
    </AppLink>
  )
}

function Layers({ layers }: { readonly layers: readonly Descriptor[] }) {
  return (
    <Section title={view.layers}>
      <LayerChart layers={layers} />
      <DataTable
        label={view.layers}
        rows={layers.map((layer, index) => ({ ...layer, key: `${index} ${layer.digest}` }))}
        keyOf={({ key }) => key}
        columns={[
          { title: view.digest, cell: ({ digest }) => <code title={digest}>{shortDigest(digest)}</code> },
          { title: view.mediaType, cell: ({ mediaType }) => mediaType },
          { title: view.size, cell: ({ size }) => formatBytes(size) },
        ]}
      />
    </Section>
  )
}

function Referrers({ address, digest }: { readonly address: ManifestAddress; readonly digest: string }) {
  const query = useReferrers(address, digest)
  return (
    <Section title={view.referrers}>
      <Loaded query={query}>
        {(referrers) =>
          referrers.length === 0 ? (
            <Text>{view.noReferrers}</Text>
          ) : (
            <DataTable
              label={view.referrers}
              rows={referrers}
              keyOf={({ digest: each }) => each}
              columns={[
                { title: view.type, cell: ({ artifactType, mediaType }) => artifactType ?? mediaType },
                { title: view.digest, cell: ({ digest: each }) => <ManifestLink address={address} digest={each} /> },
                { title: view.size, cell: ({ size }) => formatBytes(size) },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  )
}

function Raw({ text }: { readonly text: string }) {
  const styles = useStyles()
  return (
    <Section title={view.raw}>
      {text.length > maxShownLength && <Text>{view.tooLarge}</Text>}
      <pre className={styles.raw} tabIndex={0} role="group" aria-label={view.raw}>
        {text.slice(0, maxShownLength)}
      </pre>
    </Section>
  )
}
