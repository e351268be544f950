import {existsSync, readFileSync} from "node:fs";
import {parse as parseDotenv} from "dotenv";
import {ConfigError} from "../../loaders/errors.js";

/** API keys of an account; they come from the environment only. */
export interface Keys {
  apiKey: string;
  secret: string;
}

/** Returns the environment, with a folder's `.env` as defaults: the only source of secrets. */
export function secretEnvironment(env: NodeJS.ProcessEnv = process.env, cwd = process.cwd()): NodeJS.ProcessEnv {
  const path = `${cwd}/.env`;
  return {...(existsSync(path) ? parseDotenv(readFileSync(path)) : {}), ...env};
}

/** Form of a key; anything else was truncated, quoted or wrapped when it was copied. */
const KEY = /^[\x21-\x7e]{6,200}$/;
const WHERE = "set it in the environment or in .env; never in the config file or as a flag";

/**
 * Reads the keys of the account to trade on.
 * @throws ConfigError when a key is missing or malformed; its value is never in the message
 */
export function liveKeys(env: NodeJS.ProcessEnv): Keys {
  const read = (name: string): string => {
    const value = env[name];
    if (!value) throw new ConfigError(`missing ${name}: live trading needs the keys of an account`, {fix: WHERE});
    if (!KEY.test(value))
      throw new ConfigError(`invalid ${name}: too short, too long, or contains spaces`, {
        fix: "copy it from the venue again"
      });
    return value;
  };
  return {apiKey: read("CARRYBOOK_API_KEY"), secret: read("CARRYBOOK_API_SECRET")};
}
