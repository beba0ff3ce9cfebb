import { Checkbox, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { usePermissions } from '../../api/use-permissions.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { Table } from '../../components/table/table.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { serverTexts } from '../../components/texts/server.ts'
import { texts } from '../../components/texts/texts.ts'
import { useSettings } from './use-server.ts'

const view = serverTexts

/** The configuration in force, and where each value comes from. */
export function Settings({ subscription }: { readonly subscription: string }) {
  const [isShown, setShown] = useState(false)
  const [isShort, setShort] = useState(true)
  const mayAct = usePermissions(subscription)
  const query = useSettings(subscription, isShown)
  return (
    <Section title={view.settings}>
      <Text>{view.settingsHint}</Text>
      {!isShown && (
        <div>
          <ActionButton
            reason={mayAct('Acrux.Server/listSettings/action') ? undefined : view.mayNotSettings}
            onClick={() => setShown(true)}
          >
            {view.settingsShow}
          </ActionButton>
        </div>
      )}
      {isShown && (
        <Loaded query={query}>
          {(settings) => (
            <>
              <Checkbox
                label={view.onlySet}
                checked={isShort}
                onChange={(_event, { checked }) => setShort(checked === true)}
              />
              <Table
                isWrapped
                label={view.settings}
                rows={settings.filter(({ source }) => !isShort || source !== null)}
                keyOf={({ key }) => key}
                columns={[
                  { title: view.setting, cell: ({ key, description }) => <code title={description}>{key}</code> },
                  { title: view.value, cell: ({ value }) => <code>{value ?? texts.none}</code> },
                  { title: view.source, cell: ({ source }) => source ?? view.isDefault },
                ]}
              />
            </>
          )}
        </Loaded>
      )}
      <CommandLine
        text={`az rest --method post --url "${subscription}/providers/Acrux.Server/listSettings?api-version=2024-11-01"`}
      />
    </Section>
  )
}
