import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Token } from "aws-cdk-lib";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { ProviderValue } from "./value";

/**
 * The metadata document of a SAML identity provider.
 */
export class SamlMetadata {
  /**
   * Has Cognito fetch the metadata from a URL, and fetch them again before they expire.
   *
   * @param url The URL of the metadata.
   */
  public static fromUrl(url: string): SamlMetadata {
    if (!Token.isUnresolved(url) && !/^https?:/i.test(url)) {
      throw new Error(`SamlMetadata.fromUrl: ${url} is no URL; SamlMetadata.fromFile reads a file`);
    }
    return new SamlMetadata("MetadataURL", ProviderValue.plainText(url));
  }

  /**
   * Puts the content of a local file into the template.
   *
   * @param path The path of the file, from the directory in which the app was started.
   */
  public static fromFile(path: string): SamlMetadata {
    if (!existsSync(path) || !statSync(path).isFile()) {
      throw new Error(`SamlMetadata.fromFile: there is no file ${resolve(path)}`);
    }
    return SamlMetadata.fromText(readFileSync(path, "utf8"));
  }

  /**
   * Puts a metadata document into the template.
   *
   * @param xml The document.
   */
  public static fromText(xml: string): SamlMetadata {
    return new SamlMetadata("MetadataFile", ProviderValue.plainText(xml));
  }

  /**
   * Has the function read the metadata document from S3.
   *
   * @param bucket The bucket.
   * @param key The object's key.
   * @param objectVersion The object's version; the latest one unless given.
   */
  public static fromBucket(bucket: IBucket, key: string, objectVersion?: string): SamlMetadata {
    return SamlMetadata.fromValue(ProviderValue.fromBucket(bucket, key, objectVersion));
  }

  /**
   * Has the function read the metadata document from a secret or a parameter.
   *
   * @param value The document.
   */
  public static fromValue(value: ProviderValue): SamlMetadata {
    return new SamlMetadata("MetadataFile", value);
  }

  private constructor(
    /** @internal */
    public readonly _key: "MetadataURL" | "MetadataFile",
    /** @internal */
    public readonly _value: ProviderValue,
  ) {}
}
