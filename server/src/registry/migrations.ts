import { sql } from 'kysely'
import type { ColumnTypes, Migration } from '../platform/sql/migrations.ts'
import { createAttachedReports } from './attached/attached-report-tables.ts'
import { createUsageTriggers } from './quotas/usage-triggers.ts'

/** The tables of this module. */
export const registryMigrations: readonly Migration[] = [
  {
    id: 'registry-0001-baseline',
    up: async (schema, types, transaction) => {
      await schema
        .createTable('repository')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('updated_at_ms', types.integer, (column) => column.notNull())
        .addColumn('published_at_ms', types.integer)
        .addColumn('manifest_count', types.integer, (column) => column.notNull())
        .addColumn('tag_count', types.integer, (column) => column.notNull())
        .addColumn('delete_enabled', types.integer, (column) => column.notNull())
        .addColumn('write_enabled', types.integer, (column) => column.notNull())
        .addColumn('list_enabled', types.integer, (column) => column.notNull())
        .addColumn('read_enabled', types.integer, (column) => column.notNull())
        .addColumn('predecessor_deletion', types.integer)
        .addUniqueConstraint('repository_by_name', ['rid', 'name'])
        .execute()
      await schema
        .createIndex('repository_by_publication')
        .on('repository')
        .columns(['published_at_ms', 'created_at_ms'])
        .execute()
      await schema
        .createTable('repository_tombstone')
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('deleted_at_ms', types.integer, (column) => column.notNull())
        .addColumn('deletion', types.integer, (column) => column.notNull().defaultTo(1))
        .addPrimaryKeyConstraint('repository_tombstone_key', ['rid', 'name'])
        .execute()
      await schema
        .createTable('repository_deletions')
        .addColumn('id', types.integer, (column) => column.primaryKey())
        .addColumn('count', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('deleted_repository')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('kept_as', types.text)
        .addColumn('deleted_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('deleted_registry')
        .addColumn('rid', types.text, (column) => column.primaryKey())
        .addColumn('deleted_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('manifest')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('digest', types.text, (column) => column.notNull())
        .addColumn('media_type', types.text, (column) => column.notNull())
        .addColumn('size_bytes', types.integer, (column) => column.notNull())
        .addColumn('image_size_bytes', types.integer, (column) => column.notNull())
        .addColumn('config_media_type', types.text)
        .addColumn('architecture', types.text)
        .addColumn('os', types.text)
        .addColumn('artifact_type', types.text)
        .addColumn('subject_digest', types.text)
        .addColumn('annotations', types.text)
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('updated_at_ms', types.integer, (column) => column.notNull())
        .addColumn('delete_enabled', types.integer, (column) => column.notNull())
        .addColumn('write_enabled', types.integer, (column) => column.notNull())
        .addColumn('list_enabled', types.integer, (column) => column.notNull())
        .addColumn('read_enabled', types.integer, (column) => column.notNull())
        .addColumn('content', types.bytes, (column) => column.notNull())
        .addColumn('untagged_at_ms', types.integer)
        .addColumn('deleted_at_ms', types.integer)
        .addColumn('quarantined_at_ms', types.integer)
        .addPrimaryKeyConstraint('manifest_key', ['repository_id', 'digest'])
        .execute()
      await schema
        .createIndex('manifest_by_purge')
        .on('manifest')
        .columns(['repository_id', 'deleted_at_ms', 'digest'])
        .where(sql<boolean>`deleted_at_ms is not null`)
        .execute()
      await schema
        .createIndex('manifest_by_subject')
        .on('manifest')
        .columns(['repository_id', 'subject_digest', 'digest'])
        .execute()
      await schema
        .createIndex('manifest_by_time')
        .on('manifest')
        .columns(['repository_id', 'updated_at_ms', 'digest'])
        .execute()
      await schema
        .createIndex('manifest_in_quarantine')
        .on('manifest')
        .column('quarantined_at_ms')
        .where(sql<boolean>`quarantined_at_ms is not null`)
        .execute()
      await schema
        .createIndex('manifest_locked')
        .on('manifest')
        .column('repository_id')
        .where(sql<boolean>`delete_enabled = 0 or write_enabled = 0`)
        .execute()
      await schema
        .createTable('manifest_reference')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('manifest_digest', types.text, (column) => column.notNull())
        .addColumn('kind', types.text, (column) => column.notNull())
        .addColumn('digest', types.text, (column) => column.notNull())
        .addPrimaryKeyConstraint('manifest_reference_key', ['repository_id', 'manifest_digest', 'kind', 'digest'])
        .execute()
      await schema
        .createIndex('manifest_reference_by_target')
        .on('manifest_reference')
        .columns(['repository_id', 'digest', 'kind'])
        .execute()
      await schema
        .createTable('tag')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('manifest_digest', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('updated_at_ms', types.integer, (column) => column.notNull())
        .addColumn('delete_enabled', types.integer, (column) => column.notNull())
        .addColumn('write_enabled', types.integer, (column) => column.notNull())
        .addColumn('list_enabled', types.integer, (column) => column.notNull())
        .addColumn('read_enabled', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('tag_key', ['repository_id', 'name'])
        .execute()
      await schema
        .createIndex('tag_by_manifest')
        .on('tag')
        .columns(['repository_id', 'manifest_digest', 'name'])
        .execute()
      await schema.createIndex('tag_by_time').on('tag').columns(['repository_id', 'updated_at_ms', 'name']).execute()
      await schema
        .createIndex('tag_locked')
        .on('tag')
        .columns(['repository_id', 'manifest_digest'])
        .where(sql<boolean>`delete_enabled = 0 or write_enabled = 0`)
        .execute()
      await schema
        .createTable('deleted_manifest')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('digest', types.text, (column) => column.notNull())
        .addColumn('kept_in', types.text)
        .addColumn('deleted_at_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('deleted_manifest_key', ['repository_id', 'digest'])
        .execute()
      await schema
        .createTable('deleted_tag')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('manifest_digest', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('updated_at_ms', types.integer, (column) => column.notNull())
        .addColumn('deleted_at_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('deleted_tag_key', ['repository_id', 'name', 'manifest_digest'])
        .execute()
      await schema
        .createIndex('deleted_tag_by_purge')
        .on('deleted_tag')
        .columns(['repository_id', 'deleted_at_ms', 'name', 'manifest_digest'])
        .execute()
      await schema
        .createTable('last_pull')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('reference', types.text, (column) => column.notNull())
        .addColumn('pulled_at_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('last_pull_key', ['repository_id', 'reference'])
        .execute()
      await schema
        .createTable('blob')
        .addColumn('digest', types.text, (column) => column.primaryKey())
        .addColumn('location', types.text, (column) => column.notNull())
        .addColumn('size_bytes', types.integer, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('verified_at_ms', types.integer)
        .addColumn('quarantined_at_ms', types.integer)
        .addColumn('quarantine_reason', types.text)
        .execute()
      await schema
        .createIndex('blob_in_quarantine')
        .on('blob')
        .column('quarantined_at_ms')
        .where(sql<boolean>`quarantined_at_ms is not null`)
        .execute()
      await schema
        .createTable('repository_blob')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('digest', types.text, (column) => column.notNull())
        .addColumn('linked_at_ms', types.integer, (column) => column.notNull())
        .addColumn('grace_until_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('repository_blob_key', ['repository_id', 'digest'])
        .execute()
      await schema
        .createIndex('repository_blob_by_digest')
        .on('repository_blob')
        .columns(['digest', 'repository_id'])
        .execute()
      await schema
        .createIndex('repository_blob_by_grace')
        .on('repository_blob')
        .columns(['grace_until_ms', 'repository_id', 'digest'])
        .execute()
      await schema
        .createTable('upload')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('caller_key', types.text, (column) => column.notNull())
        .addColumn('started_at_ms', types.integer, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .addColumn('writer', types.text)
        .addColumn('is_writing', types.integer, (column) => column.notNull().defaultTo(0))
        .addColumn('staged_bytes', types.integer, (column) => column.notNull().defaultTo(0))
        .addColumn('changed_at_ms', types.integer, (column) => column.notNull().defaultTo(0))
        .addColumn('marking_writer', types.text)
        .execute()
      await schema.createIndex('upload_by_caller').on('upload').columns(['rid', 'caller_key']).execute()
      await schema.createIndex('upload_by_expiry').on('upload').column('expires_at_ms').execute()
      await schema.createIndex('upload_by_repository').on('upload').column('repository_id').execute()
      await schema
        .createTable('scrub')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('started_at_ms', types.integer)
        .addColumn('step', types.text, (column) => column.notNull())
        .addColumn('place', types.text, (column) => column.notNull())
        .addColumn('finding_count', types.integer, (column) => column.notNull())
        .addColumn('completed_at_ms', types.integer)
        .addColumn('completed_finding_count', types.integer, (column) => column.notNull())
        .addColumn('progress_permille', types.integer, (column) => column.notNull().defaultTo(0))
        .execute()
      await schema
        .createTable('registry_usage')
        .addColumn('rid', types.text, (column) => column.primaryKey())
        .addColumn('size_bytes', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('repository_usage')
        .addColumn('repository_id', types.text, (column) => column.primaryKey())
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('size_bytes', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('registry_blob')
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('digest', types.text, (column) => column.notNull())
        .addColumn('size_bytes', types.integer, (column) => column.notNull())
        .addColumn('holder_count', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('registry_blob_key', ['rid', 'digest'])
        .execute()
      await schema
        .createTable('quota')
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('repository', types.text, (column) => column.notNull())
        .addColumn('limit_bytes', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('quota_key', ['rid', 'name'])
        .addUniqueConstraint('quota_by_repository', ['rid', 'repository'])
        .execute()
      await schema
        .createTable('content_report')
        .addColumn('name', types.text, (column) => column.primaryKey())
        .addColumn('process', types.text, (column) => column.notNull())
        .addColumn('report', types.text, (column) => column.notNull())
        .execute()
      // The search of the registry uses these.
      await schema.createIndex('tag_by_name').on('tag').columns(['name', 'repository_id']).execute()
      await schema.createIndex('manifest_by_digest').on('manifest').columns(['digest', 'repository_id']).execute()
      await sql`insert into repository_deletions (id, count) values (1, 1)`.execute(transaction.tables())
      await createUsageTriggers(transaction)
    },
  },
  {
    id: 'registry-0002-pushers',
    worksFor: 'any',
    up: async (schema, types) => {
      // SQLite adds one column in each statement.
      const add = (table: string, column: string, type: ColumnTypes['text']) =>
        schema.alterTable(table).addColumn(column, type).execute()
      for (const table of ['repository', 'manifest', 'tag']) {
        await add(table, table === 'repository' ? 'last_push_ms' : 'pushed_at_ms', types.integer)
        for (const column of ['pushed_by_kind', 'pushed_by_id', 'pushed_by_name']) await add(table, column, types.text)
      }
    },
  },
  {
    id: 'registry-0003-tag-changes',
    worksFor: 'any',
    up: async (schema, types) => {
      await schema
        .createTable('tag_change')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('tag', types.text, (column) => column.notNull())
        .addColumn('number', types.integer, (column) => column.notNull())
        .addColumn('changed_at_ms', types.integer, (column) => column.notNull())
        .addColumn('manifest_digest', types.text)
        .addColumn('cause', types.text, (column) => column.notNull())
        .addColumn('by_kind', types.text)
        .addColumn('by_id', types.text)
        .addColumn('by_name', types.text)
        .addPrimaryKeyConstraint('tag_change_key', ['repository_id', 'tag', 'number'])
        .execute()
      await schema.createIndex('tag_change_by_time').on('tag_change').column('changed_at_ms').execute()
      for (const column of ['by_kind', 'by_id', 'by_name']) {
        await schema.alterTable('deleted_manifest').addColumn(column, types.text).execute()
      }
    },
  },
  {
    id: 'registry-0004-pulls',
    worksFor: 'any',
    up: async (schema, types) => {
      await schema
        .createTable('repository_pull')
        .addColumn('repository_id', types.text, (column) => column.primaryKey())
        .addColumn('pulls', types.integer, (column) => column.notNull())
        .addColumn('pulled_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('repository_day')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('day', types.integer, (column) => column.notNull())
        .addColumn('pulls', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('repository_day_key', ['repository_id', 'day'])
        .execute()
      await schema.createIndex('repository_day_by_day').on('repository_day').column('day').execute()
    },
  },
  {
    id: 'registry-0005-descriptions',
    worksFor: 'any',
    up: async (schema, types) => {
      await schema.alterTable('repository').addColumn('description', types.text).execute()
    },
  },
  {
    id: 'registry-0006-images',
    worksFor: 'any',
    up: async (schema, types, transaction) => {
      await schema.alterTable('manifest').addColumn('platform_size_bytes', types.integer).execute()
      await sql`update manifest set platform_size_bytes = (select max(child.image_size_bytes) from manifest_reference named
        inner join manifest child on child.repository_id = named.repository_id and child.digest = named.digest
        where named.repository_id = manifest.repository_id and named.manifest_digest = manifest.digest
        and named.kind = 'manifest')
        where exists (select 1 from manifest_reference named where named.repository_id = manifest.repository_id
        and named.manifest_digest = manifest.digest and named.kind = 'manifest')`.execute(transaction.tables())
      await sql`create index manifest_by_shown_size on manifest
        (repository_id, coalesce(platform_size_bytes, image_size_bytes), digest)`.execute(transaction.tables())
      await schema
        .createIndex('tag_by_manifest_time')
        .on('tag')
        .columns(['repository_id', 'manifest_digest', 'updated_at_ms', 'name'])
        .execute()
      await schema
        .createIndex('last_pull_by_time')
        .on('last_pull')
        .columns(['repository_id', 'pulled_at_ms', 'reference'])
        .execute()
    },
  },
  {
    id: 'registry-0007-usage-parts',
    worksFor: 'any',
    up: async (schema, types, transaction) => {
      await schema
        .createTable('registry_usage_part')
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('part', types.text, (column) => column.notNull())
        .addColumn('size_bytes', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('registry_usage_part_key', ['rid', 'part'])
        .execute()
      const tables = transaction.tables()
      await sql`insert into registry_usage_part (rid, part, size_bytes)
        select rid, '', size_bytes from registry_usage`.execute(tables)
      await createUsageTriggers(transaction)
      await schema.dropTable('registry_usage').execute()
      await sql`create view registry_usage as select rid, cast(sum(size_bytes) as bigint) as size_bytes
        from registry_usage_part group by rid`.execute(tables)
    },
  },
  {
    id: 'registry-0008-attached-reports',
    worksFor: 'any',
    up: createAttachedReports,
  },
]
