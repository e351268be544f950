import {existsSync, readFileSync} from "node:fs";
import {parse as parseDotenv} from "dotenv";
import {ConfigError} from "../../loaders/errors.js";

/** Keys of an account, from the environment alone. */
export interface Keys {
  apiKey: string;
  secret: string;
}

/** The environment with `.env` of a folder under it: where secrets come from, and nowhere else. */
export function secretEnvironment(env: NodeJS.ProcessEnv = process.env, cwd = process.cwd()): NodeJS.ProcessEnv {
  const path = `${cwd}/.env`;
  return {...(existsSync(path) ? parseDotenv(readFileSync(path)) : {}), ...env};
}

/** What a key is made of: anything else was cut, quoted or wrapped on its way here. */
const KEY = /^[\x21-\x7e]{6,200}$/;
const WHERE = "set it in the environment or in .env; never in the config file and never as a flag";

/**
 * The keys of the account to trade on.
 * @throws ConfigError `missing CARRYBOOK_API_KEY`, `missing CARRYBOOK_API_SECRET`, or one that is no key; the value is
 *   never in the message
 */
export function liveKeys(env: NodeJS.ProcessEnv): Keys {
  const read = (name: string): string => {
    const value = env[name];
    if (!value) throw new ConfigError(`missing ${name}: live trading needs the keys of an account`, {fix: WHERE});
    if (!KEY.test(value))
      throw new ConfigError(`invalid ${name}: it is too short or holds blanks`, {fix: "copy it from the venue again"});
    return value;
  };
  return {apiKey: read("CARRYBOOK_API_KEY"), secret: read("CARRYBOOK_API_SECRET")};
}
