import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Badge, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { ManifestProperties, TagProperties } from '../../api/content-types.ts'
import type { Descriptor } from '../../api/pushed-types.ts'
import type { RawManifest } from '../../api/registry.ts'
import { isDigest } from '../../components/elements/address.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Table } from '../../components/table/table.tsx'
import { type Fact, Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { TrailLink } from '../../components/elements/trail-link.tsx'
import { Tabs } from '../../components/elements/tabs.tsx'
import { Digest } from '../../components/registries/digest.tsx'
import { RepositoriesLink } from '../../components/registries/repositories-link.tsx'
import { isLocked } from '../../components/registries/locks.ts'
import { sizedPlatforms } from '../../components/registries/platform-names.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { formatTime, shortDigest } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { ManifestLink } from '../repositories/manifest-link.tsx'
import { ImageConfigView } from './image-config-view.tsx'
import { LayerChart } from './layer-chart.tsx'
import { ManifestActions } from './manifest-actions.tsx'
import { type ManifestContent, platformName } from './parse-manifest.ts'
import { ReferrerGraph } from './referrer-graph.tsx'
import { attestedBy } from './referrer-kind.ts'
import { type ManifestPart, parseManifestSearch } from './search.ts'
import { type ManifestAddress, useManifest, useManifestProperties, useTag } from './use-manifest.ts'

const view = texts.manifestView
const own = imagesTexts.manifest
const route = '/shell/r/$registry/repositories/$repository/manifests/$reference'
const maxShownLength = 64 * 1024
const maxValueLength = 4096

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
  const { loginServer, name: registry } = useAddressedRegistry()
  const { repository, reference } = useParams({ from: route })
  const address = { loginServer, repository, reference }
  const { show = 'overview' } = useSearch({ from: route })
  const query = useManifest(address)
  const isOverview = show === 'overview'
  const properties = useManifestProperties(address, isOverview ? query.data?.raw.digest : undefined)
  const tag = useTag(address, isOverview)
  const isByDigest = reference.includes(':')
  const name = `${loginServer}/${repository}${isByDigest ? '@' : ':'}${reference}`
  return (
    <Page
      title={isByDigest ? `${repository}@${shortDigest(reference)}` : `${repository}:${reference}`}
      parents={[
        <RepositoriesLink key="repositories" />,
        <TrailLink key="repository" to="/r/$registry/repositories/$repository" params={{ registry, repository }}>
          {repository}
        </TrailLink>,
      ]}
    >
      <CommandLine label={texts.repositoryView.pull} text={`docker pull ${name}`} />
      <Loaded query={query}>
        {({ raw, content }) => (
          <>
            <Parts address={address} show={show} />
            {isOverview && (
              <>
                <ManifestActions
                  address={address}
                  digest={raw.digest}
                  access={raw.access}
                  manifest={properties.data ?? undefined}
                  tag={tag.data ?? undefined}
                  childCount={content.manifests.length}
                />
                <Overview
                  address={address}
                  raw={raw}
                  content={content}
                  properties={properties.data ?? undefined}
                  tag={tag.data ?? undefined}
                />
              </>
            )}
            {show === 'config' && <ImageConfigView address={address} config={content.config} />}
            {show === 'referrers' && <ReferrerGraph {...address} digest={raw.digest} />}
            {show === 'raw' && <Raw text={raw.text} />}
            <Commands address={address} digest={raw.digest} show={show} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

/** The parts of the view. Each part of the view has an address, and loads only what it shows. */
function Parts({ address, show }: { readonly address: ManifestAddress; readonly show: ManifestPart }) {
  const { name } = useAddressedRegistry()
  const { repository, reference } = address
  const navigate = useNavigate()
  return (
    <Tabs
      tabs={{ overview: own.overview, config: own.config, referrers: own.referrers, raw: own.raw }}
      selected={show}
      onSelect={(part) =>
        void navigate({
          to: '/r/$registry/repositories/$repository/manifests/$reference',
          params: { registry: name, repository, reference },
          search: parseManifestSearch({ show: part }),
          replace: true,
        })
      }
    />
  )
}

type OverviewProps = {
  readonly address: ManifestAddress
  readonly raw: RawManifest
  readonly content: ManifestContent
  readonly properties: ManifestProperties | undefined
  readonly tag: TagProperties | undefined
}

function Overview({ address, raw, content, properties, tag }: OverviewProps) {
  const { name: registry } = useAddressedRegistry()
  return (
    <>
      <Section title={view.properties}>
        <Facts
          facts={[
            ...factsOf(raw, content, properties),
            ...propertyFacts(properties, tag),
            ...(content.subject === undefined || !isDigest(content.subject.digest)
              ? []
              : [
                  [
                    own.subject,
                    <ManifestLink
                      key="subject"
                      registry={registry}
                      repository={address.repository}
                      reference={content.subject.digest}
                    />,
                  ] as const,
                ]),
          ]}
        />
        <Text size={200}>{imagesTexts.sizeHint}</Text>
        <CopyText label={words.digest} text={raw.digest} />
      </Section>
      {content.manifests.length > 0 && <Platforms address={address} manifests={content.manifests} />}
      {content.layers.length > 0 && <Layers layers={content.layers} />}
      {content.annotations.length > 0 && (
        <Section title={view.annotations}>
          <Facts facts={content.annotations.map(([name, value]) => [name, cut(value)])} />
        </Section>
      )}
    </>
  )
}

/** A pushed text may be megabytes long. */
const cut = (text: string) => (text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text)

function factsOf(
  raw: RawManifest,
  content: ManifestContent,
  properties: ManifestProperties | undefined,
): readonly Fact[] {
  // As in the list of tags.
  const bytes = properties?.size
  return [
    [view.mediaType, raw.mediaType],
    ...(content.artifactType === undefined ? [] : [[view.artifactType, cut(content.artifactType)] as const]),
    [words.size, bytes === undefined ? '–' : sizeText(bytes)],
  ]
}

function propertyFacts(properties: ManifestProperties | undefined, tag: TagProperties | undefined): readonly Fact[] {
  if (properties === undefined) return []
  const { tags = [], createdTime, lastPullTime, platforms = [] } = properties
  const pulled = tag === undefined ? lastPullTime : tag.lastPullTime
  const locks = [properties, tag].filter((each) => each !== undefined && isLocked(each.changeableAttributes))
  return [
    [imagesTexts.platform, sizedPlatforms(platforms) || '–'],
    [own.tags, tags.length === 0 ? texts.none : tags.join(', ')],
    [own.pushed, formatTime(tag?.lastUpdateTime ?? createdTime)],
    [words.lastPulled, pulled === undefined ? texts.never : formatTime(pulled)],
    ...(locks.length > 0 ? [[words.locked, <Badge key="locked">{words.locked}</Badge>] as const] : []),
  ]
}

type CommandsProps = { readonly address: ManifestAddress; readonly digest: string; readonly show: ManifestPart }

function Commands({ address, digest, show }: CommandsProps) {
  const { repository, reference } = address
  const { name } = useAddressedRegistry()
  const image = reference.includes(':') ? `${repository}@${reference}` : `${repository}:${reference}`
  const command = show === 'referrers' ? 'list-referrers' : show === 'raw' ? 'show --raw' : 'show-metadata'
  return (
    <CommandLine
      text={`acrux acr manifest ${command} -r ${name} -n ${image}`}
      more={[
        { label: own.deleteAction, text: `acrux acr repository delete -n ${name} --image ${repository}@${digest}` },
      ]}
    />
  )
}

type DescriptorsProps = { readonly address: ManifestAddress; readonly manifests: readonly Descriptor[] }

function Platforms({ address, manifests }: DescriptorsProps) {
  const { name: registry } = useAddressedRegistry()
  return (
    <Section title={view.platforms}>
      <Table
        isWrapped
        label={view.platforms}
        rows={manifests}
        keyOf={({ digest }) => digest}
        columns={[
          { title: view.platform, cell: platformText },
          {
            title: words.digest,
            cell: ({ digest }) =>
              isDigest(digest) ? (
                <ManifestLink registry={registry} repository={address.repository} reference={digest} />
              ) : (
                <code>{cut(digest)}</code>
              ),
          },
        ]}
      />
    </Section>
  )
}

function platformText(manifest: Descriptor): string {
  const attested = attestedBy(manifest)
  if (attested !== undefined) return `${own.attestation} ${words.of} ${shortDigest(cut(attested))}`
  const { os, architecture, variant } = manifest.platform ?? {}
  return cut(platformName(os, architecture, variant) ?? texts.unknown)
}

function Layers({ layers }: { readonly layers: readonly Descriptor[] }) {
  return (
    <Section title={view.layers}>
      <LayerChart layers={layers} />
      <Table
        isWrapped
        label={view.layers}
        rows={layers.map((layer, index) => ({ ...layer, key: `${index} ${layer.digest}` }))}
        keyOf={({ key }) => key}
        columns={[
          { title: words.digest, cell: ({ digest }) => <Digest digest={digest} /> },
          { title: view.mediaType, cell: ({ mediaType }) => mediaType },
          { title: words.size, cell: ({ size }) => sizeText(size) },
        ]}
      />
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
