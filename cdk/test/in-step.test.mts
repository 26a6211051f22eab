import assert from "node:assert/strict";
import { test } from "node:test";
import { Duration } from "aws-cdk-lib";
import { Match } from "aws-cdk-lib/assertions";
import * as cognito from "aws-cdk-lib/aws-cognito";
import { Schedule } from "aws-cdk-lib/aws-events";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import {
  CognitoIdentityProviderApple,
  CognitoIdentityProviderGoogle,
  CognitoIdentityProviderSaml,
  CognitoUserPoolDriftDetection,
  ProviderValue,
  SamlMetadata,
} from "../lib/index.js";
import { errors, stack, statements, template, warnings } from "./stacks.mts";

const RULE = "AWS::Events::Rule";
const PERMISSION = "AWS::Lambda::Permission";

test("a schedule sends the properties of the provider, and only its rule may invoke the function", () => {
  const of = stack();
  new CognitoIdentityProviderSaml(of, "Corp", {
    userPool: of.userPool,
    metadata: SamlMetadata.fromUrl("https://idp.example.com/metadata"),
    detectDrift: Schedule.rate(Duration.days(1)),
  });
  const provider = "Corp7AA9519D";
  const [rule] = Object.keys(template(of).findResources(RULE));
  template(of).hasResourceProperties(RULE, {
    ScheduleExpression: "rate(1 day)",
    Targets: [
      {
        Arn: { "Fn::GetAtt": ["CognitoIdentityProviderFunctionAB3A2917", "Arn"] },
        Input: {
          "Fn::Join": [
            "",
            [
              '{"RequestType": "DetectDrift", "PhysicalResourceId": "',
              { Ref: provider },
              '", "ResourceProperties": ',
              { "Fn::GetAtt": [provider, "ResourceProperties"] },
              "}",
            ],
          ],
        },
      },
    ],
  });
  template(of).resourceCountIs(PERMISSION, 1);
  template(of).hasResourceProperties(PERMISSION, {
    Action: "lambda:InvokeFunction",
    Principal: "events.amazonaws.com",
    SourceArn: { "Fn::GetAtt": [rule, "Arn"] },
  });
});

test("a changed secret or parameter applies the provider that uses it", () => {
  const of = stack();
  const secret = secretsmanager.Secret.fromSecretNameV2(of, "Secret", "google");
  new CognitoIdentityProviderGoogle(of, "Google", {
    userPool: of.userPool,
    clientId: ProviderValue.fromSsmParameter(of.parameter),
    clientSecret: ProviderValue.fromSecretsManager(secret),
    applyOnChange: true,
  });
  template(of).resourceCountIs(RULE, 1);
  template(of).resourceCountIs(PERMISSION, 1);
  template(of).hasResourceProperties(RULE, {
    EventPattern: {
      source: ["aws.secretsmanager", "aws.ssm"],
      "detail-type": ["Secret Label Updated", "Parameter Store Change"],
      // The event has the whole ARN of a secret, of which the template knows the beginning only.
      resources: [
        { "Fn::Join": ["", Match.arrayWith([":parameter/"])] },
        { prefix: { "Fn::Join": ["", Match.arrayWith([":secret:google-"])] } },
      ],
    },
    Targets: [
      {
        InputTransformer: {
          InputPathsMap: { time: "$.time" },
          InputTemplate: {
            "Fn::Join": [
              "",
              [
                '{"RequestType": "Apply", "Time": <time>, "StackId": "',
                { Ref: "AWS::StackId" },
                '", "LogicalResourceId": "GoogleAF1E99FA", "PhysicalResourceId": "',
                { Ref: "GoogleAF1E99FA" },
                '", "ResourceProperties": ',
                { "Fn::GetAtt": ["GoogleAF1E99FA", "ResourceProperties"] },
                "}",
              ],
            ],
          },
        },
      },
    ],
  });
});

test("a changed object applies the provider, and the bucket sends its events", () => {
  const of = stack();
  new CognitoIdentityProviderSaml(of, "Corp", {
    userPool: of.userPool,
    metadata: SamlMetadata.fromBucket(of.bucket({ bucketName: "idp" }), "corp.xml"),
    applyOnChange: true,
  });
  template(of).hasResourceProperties(RULE, {
    EventPattern: {
      source: ["aws.s3"],
      "detail-type": ["Object Created"],
      detail: { bucket: { name: [{ Ref: "Bucket83908E77" }] }, object: { key: ["corp.xml"] } },
    },
  });
  template(of).hasResourceProperties("Custom::S3BucketNotifications", {
    NotificationConfiguration: { EventBridgeConfiguration: {} },
  });
});

test("applyOnChange of an asset is a warning, and changes nothing of its bucket", () => {
  const of = stack();
  const asset = new Asset(of, "Metadata", { path: import.meta.filename });
  new CognitoIdentityProviderSaml(of, "Corp", {
    userPool: of.userPool,
    metadata: SamlMetadata.fromBucket(asset.bucket, asset.s3ObjectKey),
    applyOnChange: true,
  });
  template(of).resourceCountIs(RULE, 0);
  template(of).resourceCountIs("Custom::S3BucketNotifications", 0);
  assert.match(String(warnings(of)), /applyOnChange has no effect on an asset/);
});

test("a pool is compared with all providers that the app declares for it, and with those it names", () => {
  const of = stack();
  const { userPool } = of;
  new CognitoUserPoolDriftDetection(of, "Drift", {
    userPool,
    schedule: Schedule.rate(Duration.days(1)),
    otherProviders: ["Elsewhere"],
  });
  new CognitoIdentityProviderSaml(of, "Corp", {
    userPool,
    metadata: SamlMetadata.fromUrl("https://idp.example.com/metadata"),
  });
  new cognito.UserPoolIdentityProviderAmazon(of, "Native", {
    userPool,
    clientId: "id",
    clientSecret: "secret",
  });
  template(of).hasResourceProperties(RULE, {
    ScheduleExpression: "rate(1 day)",
    Targets: [
      {
        Input: {
          "Fn::Join": [
            "",
            [
              '{"RequestType": "DetectDrift", "UserPoolId": "',
              { Ref: "UserPool6BA7E5F2" },
              '", "DeclaredProviders": ["',
              { "Fn::GetAtt": ["Corp7AA9519D", "ProviderName"] },
              '","',
              { Ref: "Native020C2EDA" },
              '","Elsewhere"]}',
            ],
          ],
        },
      },
    ],
  });
  assert.deepEqual(statements(of, "DriftAccess"), [
    {
      Action: "cognito-idp:ListIdentityProviders",
      Effect: "Allow",
      Resource: { "Fn::GetAtt": ["UserPool6BA7E5F2", "Arn"] },
    },
  ]);
});

test("rules that would send a secret are an error", () => {
  const of = stack();
  new CognitoIdentityProviderApple(of, "Apple", {
    userPool: of.userPool,
    clientId: "id",
    teamId: "team",
    keyId: "key",
    privateKey: ProviderValue.plainText("planted"),
    detectDrift: Schedule.rate(Duration.days(1)),
    applyOnChange: true,
  });
  const reported = errors(of);
  assert.match(
    reported,
    /\[Stack\/Apple\] with detectDrift and applyOnChange, the function must read privateKey \(ProviderDetails.private_key\): give it with ProviderValue/,
  );
  // One mistake, one message.
  assert.ok(!reported.includes("has no effect"));
  assert.ok(!reported.includes("planted"));
});
