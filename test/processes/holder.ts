import { DatabaseSync } from 'node:sqlite'

/** Takes a SQLite file's lock in the middle of a change, says so, and never lets go. */
const { file } = JSON.parse(process.argv[2] ?? '{}') as { readonly file: string }
const database = new DatabaseSync(file)
database.exec('BEGIN IMMEDIATE')
database.exec("INSERT INTO notes VALUES ('half', 'done')")
process.stdout.write('held')
setInterval(() => {}, 1000)
