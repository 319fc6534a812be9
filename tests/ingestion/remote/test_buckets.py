"""Buckets: who may not read is told so, and keys that are no file names are refused by sentence."""

import json

import boto3
import httpx
import pytest

from ingestion.errors import PullFailed


def test_a_missing_bucket(bucket):
    bucket.location["url"] = "s3://nobodys-bucket/exports"
    with pytest.raises(PullFailed, match=r"there is no such bucket. Correct `location.url`, and run again"):
        bucket.fetch()


def test_one_denied_file_does_not_hold_up_the_others(bucket):
    bucket.put("people-1.csv", b"id\n1\n")
    bucket.put("people-2.csv", b"id\n2\n")
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket.name}/exports/people-1.csv",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    bucket.client.put_bucket_policy(Bucket=bucket.name, Policy=policy)
    with pytest.raises(
        PullFailed, match=r"1 file .* did not arrive: people-1.csv is not given to this key"
    ) as caught:
        bucket.fetch()
    assert [file.file for file in caught.value.files] == ["shop/people-2.csv"]
    bucket.client.delete_bucket_policy(Bucket=bucket.name)
    assert bucket.fetch() == ["people-1.csv"]


@pytest.fixture
def keys(bucket):
    """Puts a file there, then turns the checking of keys on, with one user who may read."""
    bucket.put("people.csv", b"id\n1\n")
    iam = boto3.client(
        "iam",
        endpoint_url=bucket.endpoint,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )
    iam.create_user(UserName="reader")
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    iam.close()
    httpx.post(f"{bucket.endpoint}/moto-api/reset-auth", content=b"0")
    yield {"CDP_KEY": made["AccessKeyId"], "CDP_SECRET": made["SecretAccessKey"]}
    httpx.post(f"{bucket.endpoint}/moto-api/reset-auth", content=b"inf")


def test_wrong_keys_are_told_apart_and_corrected(bucket, keys):
    bucket.environ = {**keys, "CDP_SECRET": "guessed"}
    with pytest.raises(PullFailed, match=r"the secret key is wrong. .*`location\.password`"):
        bucket.fetch()
    bucket.environ = {**keys, "CDP_KEY": "AKIAUNKNOWN"}
    with pytest.raises(PullFailed, match=r"the key id is not known. .*`location\.user`"):
        bucket.fetch()
    bucket.environ = keys
    assert bucket.fetch() == ["people.csv"]


def test_keys_that_are_no_file_names(bucket):
    bucket.put("people.csv", b"id\n1\n")
    bucket.put("../people.csv", b"up")
    bucket.put("a//people.csv", b"double")
    bucket.put("./people.csv", b"dot")
    bucket.put("x" * 300 + "/people.csv", b"long")
    bucket.put("a\\people.csv/people.csv", b"back")
    bucket.put("ctl\x01/people.csv", b"control")
    bucket.put("folder/", b"")
    with pytest.raises(PullFailed, match=r"6 files .* did not arrive: ") as caught:
        bucket.fetch("**/people.csv")
    assert str(caught.value).count("could lead out of the folder") >= 3
    assert "and 1 more. Correct that there" in str(caught.value)
    assert bucket.landed() == {"people.csv": b"id\n1\n"}


def test_a_whole_bucket_can_be_the_folder(bucket):
    bucket.put("people.csv", b"id\n1\n")
    bucket.location["url"] = f"s3://{bucket.name}"
    assert bucket.fetch("exports/people.csv") == ["exports/people.csv"]
