/** The stacks that the tests share. */

import { App, Stack, type StackProps } from "aws-cdk-lib";
import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import * as cognito from "aws-cdk-lib/aws-cognito";
import * as kms from "aws-cdk-lib/aws-kms";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import * as ssm from "aws-cdk-lib/aws-ssm";

export const PROVIDER = "Custom::CognitoIdentityProvider";

/** A stack with a user pool, and things that hold values. */
export class Values extends Stack {
  readonly userPool = new cognito.UserPool(this, "UserPool");

  get key(): kms.Key {
    return new kms.Key(this, "Key");
  }

  secret(encryptionKey?: kms.IKey): secretsmanager.Secret {
    return new secretsmanager.Secret(this, "Secret", { encryptionKey });
  }

  get parameter(): ssm.StringParameter {
    return new ssm.StringParameter(this, "Parameter", { stringValue: "client-id" });
  }

  bucket(props?: s3.BucketProps): s3.Bucket {
    return new s3.Bucket(this, "Bucket", props);
  }
}

export function stack(props?: StackProps): Values {
  return new Values(new App({ analyticsReporting: false }), "Stack", props);
}

/** Returns the template of a stack. */
export function template(of: Stack): Template {
  return Template.fromStack(of);
}

/** Returns the properties of the only provider of a stack. */
export function properties(of: Stack): Record<string, unknown> {
  const [provider] = Object.values(template(of).findResources(PROVIDER));
  return provider.Properties;
}

/** Returns the statements of the policies whose logical ids contain a text. */
export function statements(of: Stack, id: string): unknown[] {
  return Object.entries(template(of).findResources("AWS::IAM::Policy"))
    .filter(([logicalId]) => logicalId.includes(id))
    .flatMap(([, policy]) => policy.Properties.PolicyDocument.Statement);
}

/** Returns the errors of synthesis, without the paths of the constructs. */
export function errors(of: Stack): string {
  try {
    template(of);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

/** Returns the warnings of synthesis. */
export function warnings(of: Stack): unknown[] {
  return Annotations.fromStack(of)
    .findWarning("*", Match.anyValue())
    .map((warning) => warning.entry.data);
}
