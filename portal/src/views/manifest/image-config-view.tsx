import { Text } from '@fluentui/react-components'
import type { Descriptor } from '../../api/pushed-types.ts'
import { Table } from '../../components/table/table.tsx'
import { type Fact, Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import type { ImageConfig } from './parse-manifest.ts'
import { type ManifestAddress, useImageConfig } from './use-manifest.ts'

const view = texts.manifestView

type ImageConfigViewProps = { readonly address: ManifestAddress; readonly config: Descriptor | undefined }

/** The configuration and the history of an image. Nothing for other artifacts. */
export function ImageConfigView({ address, config }: ImageConfigViewProps) {
  const query = useImageConfig(address, config)
  if (query.data === null) return <Text>{imagesTexts.manifest.noConfig}</Text>
  return (
    <Section title={view.config}>
      <Loaded query={query}>
        {(found) =>
          found && (
            <>
              <Facts facts={factsOf(found)} />
              {found.labels.length > 0 && <NamedValues title={view.labels} values={found.labels} />}
              {found.history.length > 0 && <History history={found.history} />}
            </>
          )
        }
      </Loaded>
    </Section>
  )
}

function factsOf(config: ImageConfig): readonly Fact[] {
  const list = (items: readonly string[]) => (items.length === 0 ? texts.none : items.join(' '))
  return [
    [view.platform, config.platform ?? texts.unknown],
    [words.created, config.created === undefined ? texts.unknown : formatTime(config.created)],
    [view.entrypoint, list(config.entrypoint)],
    [view.command, list(config.command)],
    [view.user, config.user === undefined || config.user === '' ? 'root' : config.user],
    [view.ports, list(config.ports)],
    [view.environment, list(config.environment)],
  ]
}

type NamedValuesProps = {
  readonly title: string
  readonly values: readonly (readonly [name: string, value: string])[]
}

function NamedValues({ title, values }: NamedValuesProps) {
  return (
    <Table
      isWrapped
      label={title}
      rows={values}
      keyOf={([name]) => name}
      columns={[
        { title: words.name, cell: ([name]) => name },
        { title: view.value, cell: ([, value]) => value },
      ]}
    />
  )
}

function History({ history }: { readonly history: ImageConfig['history'] }) {
  return (
    <Table
      isWrapped
      label={view.history}
      rows={history.map((step, index) => ({ ...step, key: String(index) }))}
      keyOf={({ key }) => key}
      columns={[
        { title: view.history, cell: ({ by }) => <code>{by}</code> },
        { title: words.created, cell: ({ created }) => formatTime(created) },
      ]}
    />
  )
}
